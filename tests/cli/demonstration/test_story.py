"""The story tells what was measured, and does not say that it held when it did not."""

import io

import msgspec
import pytest
from rich.console import Console

from farthing.accounts.run_receipt import RunReceipt
from farthing.cli.demonstration.acts import Burst, Ledgered, RunAccount, Shift
from farthing.cli.demonstration.agent import Outcome
from farthing.cli.demonstration.story import (
    Story,
    plain,
    tell_before_after,
    tell_burst,
    tell_run,
    tell_shift,
    tell_where,
)
from farthing.cli.demonstration.tickets import TICKETS
from farthing.cli.demonstration.world import Billed
from farthing.domain.usage import Usage
from farthing.pricing.cost import Line

BILL = Billed(calls=3, input_tokens=10, cached_tokens=4, output_tokens=5, nanos=700)
REFUSAL = {"code": "budget_exceeded", "status": 402}
SOLVED = Outcome(ticket=TICKETS[0], calls=3, answer="Done.")
GIVEN_UP = Outcome(ticket=TICKETS[5], calls=40)
STOPPED = Outcome(ticket=TICKETS[5], calls=9, refusal=REFUSAL, requests_after_no=1)
RECEIPT = RunReceipt(
    calls=3,
    refused=0,
    attempts=3,
    open=0,
    unpriced=0,
    usage=Usage(input_tokens=10),
    nanos=700,
    lines=(Line("input", 10, 70_000, 700_000),),
    unexplained_nanos=0,
)
BURST = Burst(
    budget_nanos=1_000,
    paid=20,
    refused=180,
    other=0,
    cut=1,
    most_requests_after_no=1,
    bill=msgspec.structs.replace(BILL, nanos=990),
    ledger=Ledgered(posted=990, open=0),
)
STORY = Story(
    ticket_nanos=50_000_000,
    direct=Shift(outcomes=(SOLVED, GIVEN_UP), bills=(BILL, BILL)),
    governed=Shift(outcomes=(SOLVED, STOPPED), bills=(BILL, BILL)),
    posted_nanos=1_400,
    run=RunAccount(run="ticket-1", receipt=RECEIPT, posted_nanos=700, billed_nanos=700),
    burst_direct=msgspec.structs.replace(BILL, nanos=10_000),
    burst=BURST,
)


def told(tell, *values) -> str:
    page = io.StringIO()
    tell(Console(file=page, width=140, highlight=False), *values)
    return page.getvalue()


def burst(**changes) -> dict[str, Burst]:
    return {"burst": msgspec.structs.replace(BURST, **changes)}


def test_everything_held():
    assert STORY.held
    assert plain(STORY)["held"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"posted_nanos": 1_399},
        {"governed": Shift(outcomes=(msgspec.structs.replace(SOLVED, answer="Else."), STOPPED), bills=(BILL, BILL))},
        {"run": msgspec.structs.replace(STORY.run, billed_nanos=701)},
        {"run": msgspec.structs.replace(STORY.run, receipt=msgspec.structs.replace(RECEIPT, unexplained_nanos=1))},
        burst(bill=msgspec.structs.replace(BILL, nanos=1_001)),
        burst(ledger=Ledgered(posted=991, open=0)),
        burst(ledger=Ledgered(posted=990, open=1)),
        burst(other=1),
        burst(most_requests_after_no=2),
    ],
)
def test_one_thing_that_is_not_so_is_enough(changes):
    assert not msgspec.structs.replace(STORY, **changes).held


def test_a_line_for_each_ticket():
    text = told(tell_shift, (SOLVED, GIVEN_UP, STOPPED))
    assert "3 calls  Done." in text
    assert "by its own limit" in text
    assert "stopped: budget_exceeded" in text


def test_before_and_after_stand_beside_each_other():
    text = told(tell_before_after, STORY)
    assert "40 calls, $0.0000007" in text
    assert "its $0.05 budget, 1 refused request" in text
    assert "$0.0000014 (equal)" in text


def test_a_ledger_that_differs_is_not_called_equal():
    text = told(tell_before_after, msgspec.structs.replace(STORY, posted_nanos=1_500))
    assert "$0.0000015 ($0.0000001 more)" in text


def test_the_burst_shows_what_would_have_been_spent_and_what_was():
    text = told(tell_burst, STORY.burst_direct, BURST)
    assert "20 (1 cut short by the budget)" in text
    assert "(99.0 % of it)" in text
    assert "$0.000009" in text


def test_a_run_is_told_from_three_sides():
    text = told(tell_run, STORY.run)
    assert text.count("$0.0000007") == 4
    assert "(equal)" in text


def test_the_lines_to_paste_name_the_address():
    assert told(tell_where, "http://127.0.0.1:9").count("http://127.0.0.1:9") == 6
