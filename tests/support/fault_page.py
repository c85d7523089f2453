"""The table of faults as a page for people: `PYTHONPATH=tests python -m support.fault_page` writes `docs/reference/faults.md`."""

from collections.abc import Iterator

from faults.table import CASES, ELSEWHERE, SECTIONS
from support.fault_words import Case, Ledger, Money, Then
from support.pages import DOCS

PAGE = DOCS / "reference" / "faults.md"
INTRODUCTION = """# What happens to the money when something breaks

Every row is a test: it is run whole and streamed, and for each of three budgets that the call may be under. This page is written from
the table of those tests.

**Posted** is spent, for good. **Set aside** is an [unknown outcome](../guides/unknown-outcomes.md): nobody can say what the call
cost, so what was held for it stays held and counts as spent, until it becomes known, you say what it was, or a policy
charges it. It is never less than what the provider billed, as long as the provider keeps to the cap it was sent.

The last three columns say what **the next call of the same run** gets:

* *block*: a plain limit, with room for one hold of such a call and half of another.
* *downgrade*: `soft = [{ at = 0.5, do = ["downgrade"] }]`, past its threshold. The call that meets the fault goes to the cheaper model,
  and what is held and posted is at that model's price.
* *land*: `soft = [{ at = 0.5, do = ["land"] }]`, past its threshold. The call that meets the fault is the last answer of its run. A run
  has one: what may have been billed was it, what certainly was not is given again.

In every row, once it is over: no call in flight is left holding anything, each account is the sum of its attempts, and nothing that
was sent is free.
"""
ELSEWHERE_TEXT = """## What cannot happen to one node

These kinds need replicas, Redis or PostgreSQL:
"""
HEAD = (
    "| | what happens | the caller sees | posted | set aside | next: block | next: downgrade | next: land |",
    "|---|---|---|---|---|---|---|---|",
)
POSTED = {Money.NOTHING: "nothing", Money.BILL: "the bill"}
ASIDE = {Money.NOTHING: "nothing", Money.HOLD: "the hold"}
NEXT = {
    Then.ANSWERED: "answered",
    Then.DOWNGRADED: "answered, cheaper",
    Then.LANDING: "its last answer",
}


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_sections(), ELSEWHERE_TEXT, *_elsewhere(), ""])


def _sections() -> Iterator[str]:
    for title, faults in SECTIONS:
        yield f"## {title}\n"
        yield from HEAD
        for case in CASES:
            if case.fault in faults:
                yield from _rows(case)
        yield ""


def _rows(case: Case) -> Iterator[str]:
    """One row, or two where whole answers and streams differ."""
    if case.whole == case.streamed and case.whole is not None:
        yield _row(case.fault, case.title, case.whole)
        return
    both = case.whole is not None and case.streamed is not None
    for ledger, form in ((case.whole, "whole"), (case.streamed, "streamed")):
        if ledger is not None:
            yield _row(case.fault, f"{case.title} ({form})" if both else case.title, ledger)


def _row(fault: str, title: str, ledger: Ledger) -> str:
    then = (NEXT.get(each, f"`{each.value}`") for each in ledger.then)
    cells = (fault, title, _seen(ledger), POSTED[ledger.posted], _aside(ledger), *then)
    return f"| {' | '.join(cells)} |"


def _seen(ledger: Ledger) -> str:
    match ledger:
        case Ledger(client=0):
            return "–"
        case Ledger(client=200, ended=False):
            return "a stream that is cut, with an error event"
        case Ledger(client=200, ended=None):
            return "what the provider sent, or a stream that is cut there"
        case Ledger(client=200, unknown=Money.HOLD):
            return "what the provider sent"
        case Ledger(client=200):
            return "its answer"
        case _:
            return f"`{ledger.client}`"


def _aside(ledger: Ledger) -> str:
    return ASIDE[ledger.unknown] if ledger.bounded else "the hold; its model is refused until you acknowledge it"


def _elsewhere() -> Iterator[str]:
    yield "| | what happens | why not |"
    yield "|---|---|---|"
    for each in ELSEWHERE:
        yield f"| {each.fault} | {each.title} | {each.why} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
