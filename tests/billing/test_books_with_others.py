"""Bills with costs beside models: calls, paid tools and other costs add up, whatever is late, erased or pruned."""

from collections import Counter
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farthing.billing.books import digest_of
from farthing.billing.focus import focus_rows
from farthing.billing.focus_columns import columns
from farthing.billing.month import after, month_of, span_of
from farthing.billing.statement import statements
from farthing.domain.currency import Rates
from farthing.domain.usage import Usage
from farthing.ports.audit import Ages
from farthing.ports.billing import Sharing
from support.audited import audit_of
from support.billing_world import OVER, billing_world
from support.scratch import scratch

MONTHS = ("2026-10", "2026-11", "2026-12")
ALL = (*MONTHS, after(MONTHS[-1]))
DAY = 86_400_000


def at(month, day=3):
    return span_of(month)[0] + (day - 1) * DAY + 5_000


def paid(world, at_ms, **labels):
    number = world.open(at_ms, **labels)
    world.settle(number, Usage(input_tokens=1_201, output_tokens=77))
    return number


@pytest.fixture(params=["memory", "sqlite"])
def world(request, tmp_path):
    with billing_world(request.param, tmp_path) as made:
        yield made


def cut(lines):
    return [(line.labels[0], line.other, line.picos // 1_000, line.corrects) for line in lines if line.other]


def test_a_cost_is_a_line_of_the_month_it_was_booked_in_under_the_labels_of_its_run(world):
    paid(world, at("2026-10"), run="r", team="support")
    world.book("r", at("2026-10"), 5)
    world.book("r", at("2026-11"), 7, "compute")
    world.book("silent", at("2026-10"), 9)
    books = world.books()
    world.durable()
    assert cut(books.bill("2026-10").lines) == [("", "search", 9, ""), ("support", "search", 5, "")]
    assert cut(books.bill("2026-11").lines) == [("support", "compute", 7, "")]
    assert (books.bill("2026-10").other_picos, books.bill("2026-12").other_picos) == (14_000, 0)


def test_a_late_cost_is_told_once_in_the_open_month_and_the_closed_one_stays(world):
    paid(world, at("2026-10"), run="r", team="support")
    world.book("r", at("2026-10"), 5)
    books = world.books()
    world.durable()
    closed = books.close("2026-10", by="ada", now_ms=OVER)
    told = books.bill("2026-10")
    world.book("r", at("2026-10"), 7)
    world.book("r", at("2026-10", 9), 11, "compute")
    assert books.bill("2026-10") == told
    assert closed.other_picos == 5_000
    late = books.bill("2026-11")
    assert cut(late.lines) == [("support", "search", 7, "2026-10"), ("support", "compute", 11, "2026-10")]
    assert [line.start_ms for line in late.lines] == [at("2026-10") - 5_000, at("2026-10", 9) - 5_000]
    following = books.close("2026-11", by="ada", now_ms=OVER)
    assert (following.corrections_picos, following.other_picos) == (18_000, 18_000)
    assert books.bill("2026-12").lines == ()


def test_a_run_that_is_known_only_later_moves_its_cost_to_its_team(world):
    world.book("r", at("2026-10"), 5)
    books = world.books()
    books.close("2026-10", by="ada", now_ms=OVER)
    paid(world, at("2026-11"), run="r", team="support")
    world.durable()
    assert cut(books.bill("2026-11").lines) == [("", "search", -5, "2026-10"), ("support", "search", 5, "2026-10")]


def test_months_closed_under_other_labels_are_corrected_under_theirs(world):
    paid(world, at("2026-10"), run="r", team="support", agent="bot", user="ann")
    world.durable()
    for month, labels in (("2026-10", ("agent",)), ("2026-11", ("user",)), ("2026-12", ("agent",))):
        world.books(labels=labels).close(month, by="ada", now_ms=OVER)
    for month in MONTHS:
        world.book("r", at(month), 5)
    lines = world.books(labels=("user", "agent")).bill("2027-01").lines
    assert [(line.corrects, line.labels) for line in lines] == [
        ("2026-10", ("support", "", "bot")),
        ("2026-11", ("support", "ann", "")),
        ("2026-12", ("support", "", "bot")),
    ]


def test_a_month_with_nothing_but_other_costs_is_a_month_to_close(world):
    paid(world, at("2026-11"))
    world.book("r", at("2026-10"), 5)
    world.durable()
    books = world.books()
    assert books.next_month(OVER) == "2026-10"
    assert books.close("2026-10", by="ada", now_ms=OVER).picos == 5_000


def test_what_closing_wrote_is_in_the_chain_by_a_digest_over_other_costs_too(tmp_path):
    with billing_world("sqlite", tmp_path) as world:
        world.book("r", at("2026-10"), 5)
        closed = world.books().close("2026-10", by="ada", now_ms=OVER)
        assert closed.digest == digest_of(world.periods.told("2026-10"))
        audit = audit_of(tmp_path / "farthing.db", OVER)
        (event,) = audit.events(limit=1)
        assert (event.action, event.subject) == ("billing.close", "2026-10")
        assert msgspec.json.decode(event.detail, type=type(closed)) == closed
        assert audit.verify().findings == ()
        audit.close()


def test_a_name_that_is_erased_takes_no_cost_with_it_and_corrects_nothing(tmp_path):
    with billing_world("sqlite", tmp_path) as world:
        paid(world, at("2026-10"), run="r", team="support", user="ann")
        world.durable()
        world.book("r", at("2026-10"), 5)
        books = world.books(labels=("user",))
        books.close("2026-10", by="ada", now_ms=OVER)
        world.book("r", at("2026-11"), 7)
        audit = audit_of(tmp_path / "farthing.db", OVER)
        pseudonym = audit.erase("user", "ann", by="root").pseudonym
        assert audit.verify().findings == ()
        audit.close()
        told = (*books.bill("2026-10").lines, *books.bill("2026-11").lines)
        assert [(line.labels[1], line.picos, line.corrects) for line in told if line.other] == [
            (pseudonym, 5_000, ""),
            (pseudonym, 7_000, ""),
        ]


def test_calls_that_retention_drops_leave_their_runs_costs_to_their_team(tmp_path):
    with billing_world("sqlite", tmp_path) as world:
        paid(world, at("2026-10"), run="r", team="support")
        world.durable()
        world.book("r", at("2026-10"), 5)
        before = world.books().bill("2026-10")
        while world.history.sum_up():
            continue
        audit = audit_of(tmp_path / "farthing.db", OVER)
        audit.seal()
        dropped = Counter()
        while (done := audit.prune(Ages(calls=DAY))).more:
            dropped += Counter(done.rows)
        audit.close()
        assert dropped["calls"] == 1
        assert world.books().bill("2026-10").lines == before.lines


GROUPINGS = (("agent", "workflow"), ("key",), ("run",), ("agent", "user", "key", "run"), ())
labels = st.fixed_dictionaries(
    {
        "run": st.sampled_from(("", "r1", "r2", "r3")),
        "team": st.sampled_from(("", "support", "search")),
        "agent": st.sampled_from(("", "bot")),
        "user": st.sampled_from(("", "ann", "bob")),
    }
)
moments = st.tuples(st.sampled_from(MONTHS), st.integers(1, 28)).map(lambda found: at(*found))
nanos = st.integers(0, 10**7)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), moments, labels, st.integers(0, 3_000), st.sampled_from(("", "k"))),
        st.tuples(st.just("tool"), moments, labels, nanos),
        st.tuples(st.just("other"), moments, st.sampled_from(("r1", "r2", "silent")), nanos, st.sampled_from("st")),
        st.just(("close",)),
        st.just(("sum up",)),
    ),
    min_size=4,
    max_size=25,
)


class Model:
    """The same past as plain values: what everything cost, and whose it is."""

    def __init__(self) -> None:
        self.costs: list[tuple[int, dict, int]] = []
        self.booked: list[tuple[int, str, int]] = []
        self.first: dict[str, tuple[tuple[int, int], dict]] = {}

    def call(self, number, at_ms, named, nanos) -> None:
        self.costs.append((at_ms, named, nanos))
        run, order = named.get("run", ""), (at_ms, number)
        if run and (run not in self.first or order < self.first[run][0]):
            self.first[run] = order, named

    def by(self, names, month=None) -> dict[tuple[str, ...], int]:
        """Nano-dollars of each group."""
        others = [(at_ms, self.of_run(run), nanos) for at_ms, run, nanos in self.booked]
        sums = Counter()
        for at_ms, named, nanos in (*self.costs, *others):
            if month is None or month_of(at_ms) == month:
                sums[tuple(named.get(name, "") for name in names)] += nanos
        return {group: nanos for group, nanos in sums.items() if nanos}

    def of_run(self, run) -> dict:
        return {**self.first.get(run, (None, {}))[1], "run": run}


def happen(worlds, model, event, books):
    match event:
        case "call", at_ms, named, tokens, key:
            named = {name: value for name, value in named.items() if value}
            number = len(worlds[0].calls)
            before = worlds[0].total_nanos()
            for world in worlds:
                world.settle(world.open(at_ms, key=key, **named), Usage(input_tokens=tokens, output_tokens=tokens // 9))
            model.call(number, at_ms, {**named, "key": key}, worlds[0].total_nanos() - before)
        case "tool", at_ms, named, nanos:
            named = {name: value for name, value in named.items() if value}
            model.call(len(worlds[0].calls), at_ms, named, nanos)
            for world in worlds:
                world.use("lookup", at_ms, nanos, **named)
        case "other", at_ms, run, nanos, kind:
            model.booked.append((at_ms, run, nanos))
            for world in worlds:
                world.book(run, at_ms, nanos, kind)
        case ("close",):
            for world in worlds:
                world.durable()
                due = books(world).next_month(OVER)
                if due is not None and due <= MONTHS[-1]:
                    books(world).close(due, by="ada", now_ms=OVER)
        case ("sum up",):
            for world in worlds:
                world.durable()
                world.history.sum_up()


def check_open(world, model, names):
    """Where nothing is closed every month is what happened in it, by every group."""
    for month in MONTHS:
        sums = Counter()
        for line in world.books(labels=names).bill(month).lines:
            sums[line.labels] += line.picos
        wanted = model.by(("team", *names), month)
        assert {group: picos for group, picos in sums.items() if picos} == {
            group: nanos * 1_000 for group, nanos in wanted.items()
        }


def check_told(world, model, books):
    """Everything that was or would be told: lines by team, statements, FOCUS."""
    bills = [books(world).bill(month) for month in ALL]
    sums = Counter()
    for line in (line for bill in bills for line in bill.lines):
        sums[line.labels[:1]] += line.picos
    assert {group: picos // 1_000 for group, picos in sums.items() if picos} == model.by(("team",))
    total = sum(model.by(()).values())
    assert sum(each.usd_nanos for bill in bills for each in statements(bill, Rates())) == total
    place = columns("1.2").index("BilledCost")
    rows = (row for bill in bills for row in focus_rows(bill, "1.2", book="b", allocate=True))
    assert sum((Decimal(row[place]) for row in rows), Decimal(0)) * 10**9 == total


@settings(max_examples=25, deadline=None)
@given(EVENTS, st.sampled_from(("none", "direct", "equal")))
def test_calls_tools_and_other_costs_add_up_by_every_grouping_on_both_stores(events, by):
    def books(world):
        return world.books(sharing=Sharing(by=by))

    with scratch() as folder, ExitStack() as stack:
        kinds = ("memory", "sqlite")
        worlds = [stack.enter_context(billing_world(kind, Path(folder))) for kind in kinds]
        model = Model()
        for event in events:
            happen(worlds, model, event, books)
        for world in worlds:
            world.durable()
            if not world.periods.closed():
                for names in GROUPINGS:
                    check_open(world, model, names)
            check_told(world, model, books)
        slow, fast = ([books(world).bill(month).lines for month in ALL] for world in worlds)
        assert slow == fast
