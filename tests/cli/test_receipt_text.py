"""Receipts on paper: columns, units, and the totals of a run."""

import msgspec

from farthing.accounts.receipt import RunReceipt
from farthing.cli.receipt_text import billed, plain_run, run_text
from farthing.domain.usage import Usage
from farthing.pricing.cost import Line

RUN = RunReceipt(
    calls=2,
    refused=1,
    attempts=1,
    open=1,
    unpriced=1,
    usage=Usage(input_tokens=3),
    nanos=1_001,
    lines=(Line("input", 3, 333_333, 999_999), Line("rounding", 1, 1, 1)),
    unexplained_nanos=1,
)


def test_a_line_says_how_many_at_what_price_and_the_amount_to_the_pico_dollar():
    token, rounding = billed(RUN.lines)
    assert token.startswith("  input ")
    assert "3  at $0.333333 a million" in token
    assert token.endswith("$0.000000999999")
    assert rounding.endswith("$0.000000000001")


def test_searches_are_priced_apiece():
    (line,) = billed([Line("web_search", 2, 10_000_000_000, 20_000_000_000)])
    assert "at $0.01 each" in line


def test_a_runs_receipt_says_what_is_not_in_it():
    text = run_text("run-1", RUN)
    assert "2 calls, 1 refused" in text
    assert "1 attempts are still open" in text
    assert "no known price" in text
    assert "not in these lines" in text
    assert text.rstrip().splitlines()[-3].endswith("$0.000001001")


def test_columns_end_at_the_same_edge():
    lines = run_text("run-1", msgspec.structs.replace(RUN, open=0, unpriced=0)).splitlines()
    assert len({len(line) for line in lines[1:]}) == 1


def test_programs_get_the_same():
    found = plain_run("run-1", RUN)
    assert (found["cost_usd"], found["unexplained_usd"], found["refused"]) == ("0.000001001", "0.000000001", 1)
    assert found["usage"]["input_tokens"] == 3
