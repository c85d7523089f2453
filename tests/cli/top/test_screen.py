"""A frame fits every terminal, says what is not fresh, and lets no caller's word do anything to the screen."""

import pytest
from rich.console import Console

from farthing.cli.top.frame import AlertLine, BudgetLine, Busy, CallLine, Frame, Spend
from farthing.cli.top.screen import rendered
from farthing.domain.budget import Unit


def a_call(number=1, **more):
    told = {"model": "gpt-4o-mini", "outcome": "paid", "who": "r1 triage", "tokens": 1_200, "nanos": 61_350, "open": 0}
    return CallLine(id=f"call_{number:016x}", arrived_ms=number * 1_000, **{**told, **more})


def budget(name, spent, unit=Unit.USD):
    return BudgetLine(name=name, value="", unit=unit, limit=1_000_000_000, spent=spent, held=100_000_000)


FRAME = Frame(
    at_ms=1_000_000,
    source="http://127.0.0.1:4141",
    now=Spend(nanos=1_000_000),
    hour=Spend(nanos=12_000_000, calls=30, refused=2),
    today=Spend(nanos=99_000_000, calls=400, open=1),
    budgets=(budget("support, monthly", 800_000_000), budget("calls", 5, Unit.CALLS)),
    busy={
        "run": (Busy(name="r1", calls=3, tokens=10, nanos=9), Busy(name="r2", calls=1, tokens=99, nanos=90)),
        "agent": (Busy(name="triage", calls=4, tokens=109, nanos=99),),
        "model": (Busy(name="gpt-4o-mini", calls=4, tokens=109, nanos=99),),
    },
    calls=(a_call(1), a_call(2, outcome="budget_exceeded", nanos=0), a_call(3, open=1, outcome="")),
    alerts=(AlertLine(at_ms=5_000, title="support, monthly is 80 % used"),),
)


def drawn(frame=FRAME, width=100, **more):
    console = Console(width=width, no_color=True, markup=False, highlight=False)
    with console.capture() as captured:
        console.print(rendered(frame, width, **more))
    return captured.get()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 132, 200])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(len(line.rstrip("\n")) for line in drawn(width=width).splitlines()) <= width


def test_it_shows_what_burns_budgets_busiest_calls_and_alerts():
    shown = drawn()
    assert "burning $0.012 an hour now" in shown
    assert "$0.012 in 30 calls, 2 refused" in shown
    assert "$0.099 in 400 calls, 1 open" in shown
    assert "! support, monthly is 80 % used" in shown
    assert "support, monthly" in shown
    assert "█" in shown
    assert "run, last hour" in shown
    assert "budget_exceeded" in shown
    assert "held" in shown


def test_the_busiest_come_in_the_order_that_was_chosen():
    by_cost, by_calls = drawn(sort="cost"), drawn(sort="calls")
    assert by_cost.index("r2") < by_cost.index("r1 ")
    assert by_calls.index("r1 ") < by_calls.index("r2")


def test_what_is_not_fresh_says_why():
    assert "waiting: it does not answer" in drawn(state="waiting: it does not answer")
    assert "q quit" in drawn(keys=True)
    assert "q quit" not in drawn()


def test_an_empty_store_is_a_frame_too():
    empty = Frame(at_ms=1, source="x", now=Spend(), hour=Spend(), today=Spend())
    assert "no calls on record yet" in drawn(empty)


def test_a_callers_word_does_nothing_to_the_screen():
    hostile = Busy(name="\x1b[2Jrun" + "x" * 500, calls=1, tokens=1, nanos=1)
    shown = drawn(Frame(at_ms=1, source="x", now=Spend(), hour=Spend(), today=Spend(), busy={"run": (hostile,)}))
    assert "\x1b[2J" not in shown
    assert "?[2Jrunxx" in shown


def test_many_budgets_are_shown_up_to_a_few():
    many = tuple(budget(f"b{number}", number) for number in range(20))
    assert "12 more accounts" in drawn(
        Frame(at_ms=1, source="x", now=Spend(), hour=Spend(), today=Spend(), budgets=many)
    )
