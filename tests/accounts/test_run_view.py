"""The document of a run: totals, parts and turns, as decimal strings that add up."""

import msgspec

from farthing.accounts.receipt import receipt
from farthing.accounts.run_receipt import run_receipt
from farthing.accounts.run_view import RunReceiptView, run_view
from farthing.domain.money import parse_usd, usd
from farthing.ports.outcomes import OtherCost, Outcome
from support.receipts import LARGE, SMALL, a_settled_call, card_of

CALLS = (
    a_settled_call(1, SMALL, input_tokens=1_000, output_tokens=10, labels=(("step", "plan"),)),
    a_settled_call(2, LARGE, input_tokens=2_000, cache_read_input_tokens=900, labels=(("step", "act"),)),
)
OTHER = OtherCost(run="r", at_ms=5, kind="search", nanos=7_000, by="tool")
JUDGED = Outcome(run="r", at_ms=9, success=True, score=0.9, by="grader")


def shown():
    return run_view("r", run_receipt([receipt(call, card_of) for call in CALLS], JUDGED, (OTHER,)))


def test_the_parts_and_the_turns_sum_to_the_whole():
    found = shown()
    whole = parse_usd(found.cost_usd)
    for parts in (found.by_step, found.by_agent, found.by_model, found.turns):
        assert sum(parse_usd(part.cost_usd) for part in parts) == whole
    assert [part.name for part in found.by_step] == ["act", "plan"]


def test_what_it_came_to_and_cost_beside_models_is_told():
    found = shown()
    assert (found.outcome.success, found.outcome.score, found.outcome.by) == (True, 0.9, "grader")
    assert [(other.kind, other.cost_usd) for other in found.other_costs] == [("search", usd(7_000))]
    assert parse_usd(found.total_usd) == parse_usd(found.cost_usd) + 7_000


def test_it_goes_through_json_unchanged():
    assert msgspec.json.decode(msgspec.json.encode(shown()), type=RunReceiptView) == shown()
