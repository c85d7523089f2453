"""The demonstration as people read it: each act's numbers in a few lines, and the same for programs."""

import msgspec
from rich.console import Console
from rich.text import Text

from farthing.accounts.run_paper import run_paper
from farthing.accounts.run_view import run_view
from farthing.cli.demonstration.acts import AFFORDABLE, BURST, Burst, RunAccount, Shift
from farthing.cli.demonstration.agent import MODEL, MOST_STEPS, Outcome
from farthing.cli.demonstration.world import Billed
from farthing.cli.screen import dollars, table
from farthing.domain.money import usd


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured."""

    ticket_nanos: int
    """The budget of each ticket."""
    direct: Shift
    governed: Shift
    posted_nanos: int
    """What the ledger says the governed tickets cost."""
    run: RunAccount
    burst_direct: Billed
    burst: Burst

    @property
    def same_answers(self) -> int:
        """Tickets that got word for word the same answer both times."""
        pairs = zip(self.direct.outcomes, self.governed.outcomes, strict=True)
        return sum(one.resolved and one.answer == other.answer for one, other in pairs)

    @property
    def held(self) -> bool:
        """Everything the demonstration claims is true of what was measured."""
        burst = self.burst
        return (
            self.same_answers == sum(outcome.resolved for outcome in self.direct.outcomes)
            and self.posted_nanos == self.governed.bill.nanos
            and self.run.agrees
            and burst.overspend == 0
            and burst.ledger.posted == burst.bill.nanos
            and burst.ledger.open == 0
            and burst.other == 0
            and burst.most_requests_after_no <= 1
        )


def title(out: Console, text: str) -> None:
    out.print(Text(f"\n{text}", style="bold"), soft_wrap=True)


def say(out: Console, text: str) -> None:
    out.print(Text(text), soft_wrap=True)


def tell_shift(out: Console, outcomes: tuple[Outcome, ...]) -> None:
    """A line for each ticket."""
    for outcome in outcomes:
        said = outcome.answer or (
            f"stopped: {outcome.refusal['code']}"
            if outcome.refusal
            else f"gave up after {MOST_STEPS} calls, by its own limit"
        )
        say(out, f"  {outcome.ticket.name}  {outcome.calls:>2} calls  {said}")


def tell_before_after(out: Console, story: Story) -> None:
    """The table: the same work, without and with."""
    direct, governed = story.direct, story.governed
    (loose, loose_bill), (bound, bound_bill) = direct.runaway, governed.runaway
    tickets = len(direct.outcomes)
    rows = [
        ("tickets resolved", *(f"{sum(o.resolved for o in s.outcomes)} of {tickets}" for s in (direct, governed))),
        ("answers the same, to the letter", "", f"{story.same_answers} of {sum(o.resolved for o in direct.outcomes)}"),
        ("model calls", *(f"{shift.bill.calls:,}" for shift in (direct, governed))),
        ("input tokens", *(f"{shift.bill.input_tokens:,}" for shift in (direct, governed))),
        ("  read from the cache", *(f"{shift.bill.cached_tokens:,}" for shift in (direct, governed))),
        ("output tokens", *(f"{shift.bill.output_tokens:,}" for shift in (direct, governed))),
        ("the provider's bill", *(dollars(shift.bill.nanos) for shift in (direct, governed))),
        ("Farthing's ledger", "", _compared(story.posted_nanos, governed.bill.nanos)),
        (
            "the runaway ticket",
            f"{loose.calls} calls, {dollars(loose_bill.nanos)}",
            f"{bound.calls} calls, {dollars(bound_bill.nanos)}",
        ),
        ("  ended by", "the agent's own limit", _stopped(bound, story.ticket_nanos)),
    ]
    out.print(table(("", "without", "with Farthing"), rows, right=(1, 2)))


def tell_run(out: Console, account: RunAccount) -> None:
    """One run's receipt, and whether all three accounts of it agree."""
    say(out, run_paper(run_view(account.run, account.receipt)).rstrip())
    say(out, f"its budget's account  {dollars(account.posted_nanos)}")
    say(out, f"the provider's bill   {_compared(account.billed_nanos, account.receipt.nanos)}")


def tell_burst(out: Console, direct: Billed, burst: Burst) -> None:
    """Many against one budget."""
    used = burst.bill.nanos * 1_000 // burst.budget_nanos
    rows = [
        ("answered", f"{BURST}", f"{burst.paid}" + (f" ({burst.cut} cut short by the budget)" if burst.cut else "")),
        ("refused with 402, nothing sent", "", f"{burst.refused}"),
        ("requests per refused call", "", f"{burst.most_requests_after_no}"),
        (
            "the provider's bill",
            dollars(direct.nanos),
            f"{dollars(burst.bill.nanos)} ({used // 10}.{used % 10} % of it)",
        ),
        ("Farthing's ledger", "", _compared(burst.ledger.posted, burst.bill.nanos)),
        ("overspent", dollars(max(0, direct.nanos - burst.budget_nanos)), dollars(burst.overspend)),
    ]
    out.print(table((f"budget {dollars(burst.budget_nanos)}", "without", "with Farthing"), rows, right=(1, 2)))


def tell_where(out: Console, url: str) -> None:
    """Lines to paste."""
    title(out, f"Your turn: the gateway is on {url}")
    body = f'{{"model":"{MODEL}","messages":[{{"role":"user","content":"Hello!"}}]}}'
    say(out, f"  the dashboard, with all of this in it: {url}/")
    say(out, "  a call, with what it cost in the headers:")
    say(out, f"    curl -si {url}/v1/chat/completions -H 'content-type: application/json' -d '{body}'")
    say(out, "  one against the burst's budget, which is spent:")
    say(
        out,
        f"    curl -si {url}/v1/chat/completions -H 'content-type: application/json' "
        f"-H 'x-farthing-labels: team=burst' -d '{body}'",
    )
    say(out, "  your own agent, unchanged (no key is needed here):")
    say(
        out,
        f"    OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=none ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=none python agent.py",
    )
    say(out, "  Ctrl-C ends it; its store goes with it.")


def plain(story: Story) -> dict[str, object]:
    """Everything for programs; amounts are decimal strings of dollars."""
    burst = story.burst
    return {
        "held": story.held,
        "model": MODEL,
        "without": _plain_shift(story.direct),
        "with": {**_plain_shift(story.governed), "ledger_usd": usd(story.posted_nanos)},
        "same_answers": story.same_answers,
        "receipt": {
            **msgspec.to_builtins(run_view(story.run.run, story.run.receipt)),
            "account_usd": usd(story.run.posted_nanos),
            "billed_usd": usd(story.run.billed_nanos),
            "agrees": story.run.agrees,
        },
        "burst": {
            "calls": BURST,
            "affordable": AFFORDABLE,
            "budget_usd": usd(burst.budget_nanos),
            "billed_without_usd": usd(story.burst_direct.nanos),
            "paid": burst.paid,
            "cut": burst.cut,
            "refused": burst.refused,
            "other": burst.other,
            "most_requests_per_refused_call": burst.most_requests_after_no,
            "billed_usd": usd(burst.bill.nanos),
            "ledger_usd": usd(burst.ledger.posted),
            "open_usd": usd(burst.ledger.open),
            "overspend_usd": usd(burst.overspend),
        },
    }


def _plain_shift(shift: Shift) -> dict[str, object]:
    outcome, bill = shift.runaway
    return {
        "tickets": len(shift.outcomes),
        "resolved": sum(outcome.resolved for outcome in shift.outcomes),
        "calls": shift.bill.calls,
        "input_tokens": shift.bill.input_tokens,
        "cached_tokens": shift.bill.cached_tokens,
        "output_tokens": shift.bill.output_tokens,
        "billed_usd": usd(shift.bill.nanos),
        "runaway": {"calls": outcome.calls, "billed_usd": usd(bill.nanos), "refusal": outcome.refusal or None},
    }


def _compared(nanos: int, other: int) -> str:
    return f"{dollars(nanos)} {'(equal)' if nanos == other else f'({dollars(nanos - other)} more)'}"


def _stopped(outcome: Outcome, limit: int) -> str:
    if not outcome.refusal:
        return "the agent's own limit"
    sent = "request" if outcome.requests_after_no == 1 else "requests"
    return f"its {dollars(limit)} budget, {outcome.requests_after_no} refused {sent}"
