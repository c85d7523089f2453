"""A run's receipt on paper: its parts, how its context grew, and a total at the right edge."""

import msgspec
import pytest

from farthing.accounts.paper import WIDTH
from farthing.accounts.receipt import receipt
from farthing.accounts.run_paper import nanos_of, run_paper, sparkline
from farthing.accounts.run_receipt import run_receipt
from farthing.accounts.run_view import RunReceiptView, run_view
from farthing.ports.outcomes import OtherCost, Outcome
from support.receipts import LARGE, SMALL, a_settled_call, card_of


def a_run(count=4, **more):
    calls = [
        a_settled_call(
            number,
            LARGE if number == 1 else SMALL,
            input_tokens=1_000 * number,
            cache_read_input_tokens=500 * number,
            output_tokens=9,
            labels=(("step", "plan" if number == 1 else "act"),),
        )
        for number in range(1, count + 1)
    ]
    return run_receipt([receipt(call, card_of) for call in calls], **more)


def paper(name, found):
    return run_paper(run_view(name, found))


def test_it_tells_calls_tokens_parts_growth_and_the_total():
    text = paper("run-1", a_run())
    assert text.startswith("run-1: 4 calls\n")
    assert "by step" in text
    assert "by model" in text
    assert "by agent" not in text
    assert "1,000 → 4,000 tokens in" in text
    assert "saved by reading the provider's cache" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_what_is_not_in_it_is_said():
    found = msgspec.structs.replace(a_run(), refused=1, open=1, unpriced=2, unexplained_nanos=1)
    text = paper("run-1", found)
    assert "4 calls, 1 refused" in text
    assert "1 attempt still open" in text
    assert "2 attempts without a known price" in text
    assert "not in these lines" in text


def test_what_it_came_to_and_cost_beside_models_is_in_the_total():
    other = OtherCost(run="r", at_ms=1, kind="search", nanos=1_000_000_000)
    text = paper("r", a_run(outcome=Outcome(run="r", at_ms=1, success=True, score=0.5), others=(other,)))
    assert "came to success, score 0.5" in text
    assert "  search" in text
    assert any(line.startswith("total") and "$1.0" in line for line in text.splitlines())


def test_what_cost_nothing_is_a_note_without_an_amount():
    notes = OtherCost(run="r", at_ms=1, kind="tool", nanos=0, note="search: 2 run")
    lines = paper("r", a_run(others=(notes,))).splitlines()
    assert "  tool: search: 2 run" in lines
    assert not any(line.startswith("its calls") for line in lines)


def test_what_a_gateway_sent_reads_as_what_was_counted_here():
    here = run_view("run-1", a_run(others=(OtherCost(run="r", at_ms=1, kind="search", nanos=5),)))
    sent = msgspec.json.decode(msgspec.json.encode(here), type=RunReceiptView)
    assert run_paper(sent) == run_paper(here)


def test_amounts_of_a_document_come_back_to_the_nano_dollar():
    assert [nanos_of(text) for text in ("0.000000001", "-0.05", "12", "0")] == [1, -50_000_000, 12_000_000_000, 0]


def test_many_costs_beside_models_are_named_up_to_a_few_and_are_all_in_the_sum():
    others = tuple(OtherCost(run="r", at_ms=n, kind=f"k{n}", nanos=10**9, note="n" * 100) for n in range(8))
    lines = paper("r", a_run(others=others)).splitlines()
    (rest,) = [line for line in lines if "2 more costs" in line]
    assert rest.endswith("$2")
    assert max(map(len, lines)) <= WIDTH


def test_a_single_agent_is_named_and_nobody_is_not():
    named = a_settled_call(1, SMALL, input_tokens=1, labels=(("agent", "triage"),))
    text = paper("r", run_receipt([receipt(named, card_of)]))
    assert "by agent" in text
    assert "by step" not in text


def test_many_parts_are_named_up_to_a_few():
    calls = [a_settled_call(n, SMALL, input_tokens=n, labels=(("step", f"s{n}"),)) for n in range(1, 12)]
    text = paper("r", run_receipt([receipt(call, card_of) for call in calls]))
    assert "  5 more" in text


@pytest.mark.parametrize(
    ("values", "width", "shown"),
    [((), 8, ""), ((0, 0), 8, "▁▁"), ((1, 4, 8), 8, "▁▄█"), (tuple(range(16)), 4, "▂▄▆█")],
)
def test_a_sparkline_goes_from_nothing_to_the_largest(values, width, shown):
    assert sparkline(values, width) == shown
