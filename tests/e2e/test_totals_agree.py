"""Whoever is asked what was spent says the same to the nano-dollar: accounts, receipts, sums, reports, bills, telemetry, pages."""

import asyncio
import contextlib
import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from farthing.accounts.receipt import receipt
from farthing.accounts.run_receipt import run_receipt
from farthing.billing.any_time import bills_between
from farthing.billing.focus_columns import VERSIONS
from farthing.billing.month import month_of
from farthing.config.billing import list_prices
from farthing.config.build import build, shut
from farthing.config.load import load
from farthing.config.telemetry import naive_in
from farthing.dashboard.pages.overview import read
from farthing.domain.ids import EPOCH_MS
from farthing.domain.money import NANOS_PER_USD, PICOS_PER_NANO
from farthing.domain.usage import Usage
from farthing.ports.billing import BillTerms
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.pricing.tool_price import TOOL, declared
from farthing.stores.sqlite.records import SqliteRecords
from farthing.stores.sqlite.trail import SqliteTrail
from farthing.telemetry.tally import Tally
from support.pasts import CARD_OF, DAY_MS, EVER, HOUR_MS, Pair
from support.shell import asked_json, invoke

MODELS = ("gpt-4o", "gpt-4o-mini", "unheard-of")
counts = st.integers(0, 5_000)
usages = st.builds(
    lambda fresh, read, output: Usage(input_tokens=fresh + read, cache_read_input_tokens=read, output_tokens=output),
    counts,
    counts,
    counts,
)
labels = st.fixed_dictionaries(
    {"run": st.sampled_from(("", "r1", "r2")), "team": st.sampled_from(("", "a", "b")), "user": st.sampled_from("xyz")}
)
ends = st.sampled_from(("settle", "settle", "settle", "off the book", "void", "lose", "retry", "correct", "leave"))
calls = st.tuples(labels, st.sampled_from(MODELS), usages, usages, st.sampled_from(("", "flex")), ends)
tools = st.tuples(labels, st.integers(0, 10**8))
others = st.tuples(st.sampled_from(("r1", "r2", "silent")), st.integers(0, 10**8), st.sampled_from(("tool", "search")))
steps = st.one_of(calls, calls, calls, tools, others, st.sampled_from(("refuse", "hour", "day", "sum up", "tally")))


@settings(max_examples=15, deadline=None)
@given(past=st.lists(steps, min_size=3, max_size=25))
def test_totals_agree_to_the_nano_dollar(past):
    told = Told()
    try:
        for step in past:
            told.take(step)
        told.finish()
        said = told.totals()
        assert said == dict.fromkeys(said, told.spent())
        billed = told.billed()
        assert billed == dict.fromkeys(billed, told.spent() + told.other_nanos)
        told.check_bills_by_team()
        told.check_naive_and_runs()
    finally:
        told.close()


class Told:
    """A past told call by call, and everybody who can say what it cost."""

    def __init__(self) -> None:
        self.pair = Pair(EPOCH_MS + 31 * DAY_MS + 5 * HOUR_MS)
        """The second month: all of it is within `month to date`."""
        self.trail = SqliteTrail(self.pair.path)
        self.tally = Tally(self.trail, labels=("team",), most_values=9, naive_of=partial(naive_in, CARD_OF))
        self.records = SqliteRecords(self.pair.path)
        self.other_nanos = 0
        """What was booked beside models."""

    def close(self) -> None:
        self.records.close()
        self.trail.close()
        self.pair.close()

    def take(self, step) -> None:
        pair = self.pair
        match step:
            case "refuse":
                pair.refuse(pair.open_call(labels=(("run", "r1"), ("team", "a"))))
            case "hour" | "day":
                pair.pass_time(HOUR_MS if step == "hour" else DAY_MS)
            case "sum up":
                pair.durable()
                pair.fast.sum_up()
            case "tally":
                pair.durable()
                self.tally.bring_on(pair.clock.now_ms, 0, 10_000)
            case str(run), nanos, kind:
                self.book(run, nanos, kind)
            case labels, nanos:
                pair.clock.now_ms += 1_000
                opening = pair.open_call(labels=named(labels), model="lookup")
                attempt = pair.attempt(opening, model="lookup", provider=TOOL, book=declared(nanos))
                pair.settle(pair.settlement(attempt, Usage()), "paid")
            case labels, model, usage, other, tier, end:
                pair.clock.now_ms += 1_000
                opening = pair.open_call(labels=named(labels), model=model)
                self.end(end, opening, pair.attempt(opening, model=model), usage, other, tier)

    def end(self, end, opening, attempt, usage, other, tier) -> None:
        pair = self.pair
        if end in ("settle", "off the book", "correct"):
            pair.settle(pair.settlement(attempt, usage, tier, 3 if end == "off the book" else 0), "paid")
        if end == "correct":
            pair.correct(pair.settlement(attempt, other, tier))
        if end in ("void", "retry"):
            pair.void(attempt)
        if end == "retry":
            pair.settle(pair.settlement(pair.attempt(opening, model="gpt-4o"), other, tier), "paid")
        if end == "lose":
            pair.lose(attempt)

    def finish(self) -> None:
        """What nobody knows is charged, and somebody says how a run went."""
        at_ms = self.pair.clock.now_ms
        self.pair.judge(Outcome(run="r1", at_ms=at_ms, success=True, by="ada"))
        self.book("r1", 5, "tool")
        self.pair.pass_time(HOUR_MS)
        self.pair.durable()
        self.tally.bring_on(self.pair.clock.now_ms, 0, 10_000)

    def book(self, run, nanos, kind) -> None:
        self.pair.book(OtherCost(run=run, at_ms=self.pair.clock.now_ms, kind=kind, nanos=nanos, by="ada"))
        self.other_nanos += nanos

    def spent(self) -> int:
        """What the ledger posted, nano-dollars: on the one account that every call is charged to."""
        return sum(one.posted for one in self.records.accounts("everything"))

    def totals(self) -> dict[str, int]:
        pair = self.pair
        with contextlib.chdir(pair.folder.name):
            report = asked_json("usage", "--by", "team,model", *self.asked)
        overview = asyncio.run(self.overview())
        return {
            "memory's account": pair.posted(),
            "receipts": sum(each.nanos for each in self.receipts()),
            "history": sum(row.cost_nanos for row in pair.fast.usage(by=("team", "day"), **EVER)),
            "meters": exactly(sum(row.picos for row in pair.fast.meters(by=("model",), **EVER)), PICOS_PER_NANO),
            "memory's history": sum(row.cost_nanos for row in pair.slow.usage(by=("user",), **EVER)),
            "usage report": nanos(report["total"]["cost_usd"]),
            "usage report's rows": sum(nanos(row["cost_usd"]) for row in report["rows"]),
            "telemetry": sum(one.cost_nanos for one in self.tally.spent.values()) + self.tally.corrected_nanos,
            "overview, this month": overview.month.cost_nanos,
        }

    @property
    def asked(self) -> list[str]:
        """All time, in words for commands."""
        until = datetime.fromtimestamp(self.pair.clock.now_ms / 1_000 + 1, UTC).isoformat()
        return ["--since", "2026-01-01", "--until", until]

    def billed(self) -> dict[str, int]:
        """What is charged: calls, tools and other costs."""
        month = month_of(self.pair.clock.now_ms)
        with contextlib.chdir(self.pair.folder.name):
            focus = invoke("usage", "--by", "team", "--format", "focus", *self.asked).stdout
            exported = {
                version: invoke("bill", "export", "--month", month, "--focus", version, "--allocate").stdout
                for version in VERSIONS
            }
            said = asked_json("bill", "statement", "--month", month)
            months = asked_json("bill", "ls")
        runs = self.pair.fast.runs(**EVER)
        heard = {(run.run,) for run in runs}
        of_none = sum(row.cost_nanos for row in self.pair.fast.usage(by=(), where=(("run", ""),), **EVER))
        of_silent = sum(row.nanos for row in self.pair.fast.other_costs(by=("run",), **EVER) if row.group not in heard)
        return {
            "FOCUS of any time": billed_in(focus),
            **{f"FOCUS {version} of the month": billed_in(text) for version, text in exported.items()},
            "statements": sum(nanos(each["total_usd"]) for each in said),
            "the open month": nanos(months["open"]["total_usd"]),
            "runs, and what is in none": sum(run.cost_nanos + run.other_nanos for run in runs) + of_none + of_silent,
        }

    def check_bills_by_team(self) -> None:
        """Both stores bill every team the same, call by call and cost by cost."""
        prices, terms = list_prices(load(None, {}, {})), BillTerms(labels=("user", "run"))
        fast, slow = (
            bills_between(history, prices, terms, since_ms=EPOCH_MS, until_ms=self.pair.clock.now_ms + 1)
            for history in (self.pair.fast, self.pair.slow)
        )
        assert [bill.lines for bill in fast] == [bill.lines for bill in slow]

    async def overview(self):
        engine = await build(
            load(None, {}, {"store.url": f"sqlite:///{self.pair.path}"}), what="test", clock=self.pair.clock
        )
        try:
            return await asyncio.to_thread(read, engine, self.pair.clock.now_ms)
        finally:
            await shut(engine)

    def receipts(self):
        return [receipt(self.records.call(call), CARD_OF) for call in self.pair.calls if self.records.call(call)]

    def check_naive_and_runs(self) -> None:
        """What was saved is explained alike, and a run is the sum of its receipts however it is asked for."""
        receipts = self.receipts()
        rows = self.pair.fast.usage(by=("route",), **EVER)
        assert sum(row.naive_nanos for row in rows) == sum(each.naive_nanos for each in receipts)
        for run in self.pair.fast.runs(**EVER):
            of_run = [each for each in receipts if dict(each.call.opening.labels).get("run") == run.run]
            found = run_receipt(of_run)
            assert (run.cost_nanos, run.naive_nanos, run.usage) == (found.nanos, found.naive_nanos, found.usage)
            assert (run.calls, run.refused, run.attempts, run.open) == (
                found.calls,
                found.refused,
                found.attempts,
                found.open,
            )


def named(labels):
    return [each for each in labels.items() if each[1]]


def billed_in(focus: str) -> int:
    """The sum of a FOCUS file."""
    return exactly(sum(Decimal(row["BilledCost"]) for row in csv.DictReader(io.StringIO(focus))) * NANOS_PER_USD)


def nanos(usd: str) -> int:
    return exactly(Decimal(usd) * NANOS_PER_USD)


def exactly(amount, divisor=1) -> int:
    """Nothing is lost in this division."""
    whole, rest = divmod(amount, divisor)
    assert rest == 0
    assert whole == int(whole)
    return int(whole)
