"""What happens in the demonstration, and what came of it in numbers: the ledger's, beside the provider's own bill."""

import asyncio
from collections.abc import Callable

import msgspec

from farthing.accounts.run_receipt import RunReceipt, run_receipt
from farthing.cli.demonstration.agent import MODEL, Outcome, Progress, resolve
from farthing.cli.demonstration.client import Reply, post
from farthing.cli.demonstration.tickets import TICKETS
from farthing.cli.demonstration.world import DIRECT_KEY, Billed, billed, total
from farthing.cli.receipt.command import cards, receipts_of
from farthing.cli.run.background import Background
from farthing.testing import SimulatedProvider

BURST = 200
AFFORDABLE = 20
QUESTION = "Write a paragraph about our teapots for the catalogue, number {number:03d}."

Step = Callable[[int], None]


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """All tickets worked on once."""

    outcomes: tuple[Outcome, ...]
    bills: tuple[Billed, ...]
    """The provider's, a ticket each."""

    @property
    def bill(self) -> Billed:
        return total(self.bills)

    @property
    def runaway(self) -> tuple[Outcome, Billed]:
        """The ticket that does not end by itself."""
        return next((o, b) for o, b in zip(self.outcomes, self.bills, strict=True) if o.ticket.runaway)


class Ledgered(msgspec.Struct, frozen=True, kw_only=True):
    """One budget's accounts after everything ended, in nano-dollars."""

    posted: int
    open: int
    """Held or unknown."""


class Burst(msgspec.Struct, frozen=True, kw_only=True):
    """Many calls at once against a budget that pays for few."""

    budget_nanos: int
    paid: int
    refused: int
    other: int
    cut: int
    """Answers that were cut short because the budget paid for no more of them."""
    most_requests_after_no: int
    """The most requests that any refused call was sent with; 1 means nobody retried."""
    bill: Billed
    ledger: Ledgered

    @property
    def overspend(self) -> int:
        return max(0, self.bill.nanos - self.budget_nanos)


async def work(provider: SimulatedProvider, url: str, labels: str, progress: Progress) -> Shift:
    """Resolve every ticket, one after the other. `labels` are sent with each call; a provider ignores them."""
    outcomes, bills = [], []
    for ticket in TICKETS:
        before = len(provider.bill)
        headers = {"authorization": f"Bearer {DIRECT_KEY}"}
        if labels:
            headers["x-farthing-labels"] = f"{labels},run={ticket.name}"
        outcomes.append(await resolve(ticket, url, headers, progress))
        bills.append(billed(provider.bill.entries[before:]))
    return Shift(outcomes=tuple(outcomes), bills=tuple(bills))


async def price_of_one(provider: SimulatedProvider) -> int:
    """What one call of the burst costs, in nano-dollars: by making one, directly."""
    before = len(provider.bill)
    await post(provider.url, "/v1/chat/completions", _question(0), {"authorization": f"Bearer {DIRECT_KEY}"})
    return billed(provider.bill.entries[before:]).nanos


async def burst_direct(provider: SimulatedProvider) -> Billed:
    """The same burst without anyone who counts."""
    before = len(provider.bill)
    await _burst(provider.url, {"authorization": f"Bearer {DIRECT_KEY}"}, lambda _: None)
    return billed(provider.bill.entries[before:])


async def burst(provider: SimulatedProvider, gateway: Background, budget_nanos: int, step: Step) -> Burst:
    """Everyone at once, nobody names an output cap."""
    before = len(provider.bill)
    replies = await _burst(gateway.url, {"x-farthing-labels": "team=burst"}, step)
    refused = [reply for reply in replies if reply.status == 402]
    paid = sum(reply.status == 200 for reply in replies)
    return Burst(
        budget_nanos=budget_nanos,
        paid=paid,
        refused=len(refused),
        other=len(replies) - paid - len(refused),
        cut=sum(reply.status == 200 and reply.body["choices"][0]["finish_reason"] == "length" for reply in replies),
        most_requests_after_no=max((reply.sent for reply in refused), default=0),
        bill=billed(provider.bill.entries[before:]),
        ledger=ledgered(gateway, "burst"),
    )


def ledgered(gateway: Background, budget: str) -> Ledgered:
    """How the budget's accounts stand, durably."""
    gateway.flush()
    assert gateway.engine is not None
    found = gateway.engine.records.accounts(budget)
    return Ledgered(posted=sum(s.posted for s in found), open=sum(s.held + s.unknown for s in found))


class RunAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One run from three sides: its receipt, its budget's account, and the provider's bill for the same answers."""

    run: str
    receipt: RunReceipt
    posted_nanos: int
    billed_nanos: int

    @property
    def agrees(self) -> bool:
        return self.receipt.nanos == self.posted_nanos == self.billed_nanos and not self.receipt.unexplained_nanos


def account_of(provider: SimulatedProvider, gateway: Background, run: str) -> RunAccount:
    """The run's whole account."""
    gateway.flush()
    assert gateway.engine is not None
    records = gateway.engine.records
    calls = [records.call(call.id) for call in records.recent(limit=1_000, run=run)]
    answers = {attempt.response_id for call in calls if call is not None for attempt in call.attempts}
    accounts = [s for s in records.accounts("each ticket") if s.account.window == f"run:{run}"]
    return RunAccount(
        run=run,
        receipt=run_receipt(receipts_of(calls, cards(gateway.settings))),
        posted_nanos=sum(account.posted for account in accounts),
        billed_nanos=billed(tuple(e for e in provider.bill.entries if e.response_id in answers)).nanos,
    )


async def _burst(url: str, headers: dict[str, str], step: Step) -> list[Reply]:
    done = 0

    async def one(number: int) -> Reply:
        nonlocal done
        reply = await post(url, "/v1/chat/completions", _question(number), headers)
        done += 1
        step(done)
        return reply

    return list(await asyncio.gather(*(one(number) for number in range(1, BURST + 1))))


def _question(number: int) -> dict[str, object]:
    return {"model": MODEL, "messages": [{"role": "user", "content": QUESTION.format(number=number)}]}
