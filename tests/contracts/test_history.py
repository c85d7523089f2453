"""What every history promises, held against each backend, before and after the past was summed up."""

import msgspec
import pytest

from farthing.domain.ids import EPOCH_MS
from farthing.domain.usage import Usage
from farthing.ports.history import MeterRow, OtherCostRow
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.pricing.cost import cost
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.memory.records import Records
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.outcomes import SqliteOutcomes
from support.pasts import CARD_OF, DAY_MS, EVER, HOUR_MS
from support.recorded import a_call, write

DAY = EPOCH_MS + 10 * DAY_MS
"""2026-01-11, a Sunday."""
NOW = DAY + 2 * DAY_MS
USED = Usage(input_tokens=1_000, cache_read_input_tokens=400, output_tokens=100)


class Memory:
    def __init__(self, tmp_path):
        self.records, self.outcomes = Records(), MemoryOutcomes(MemoryDirectory(now_ms=lambda: NOW))
        self.history = MemoryHistory(self.records, self.outcomes)
        self.history.price_with(CARD_OF)

    def keep(self, *calls):
        for call in calls:
            self.records.put(call)

    def ready(self):
        return self.history

    def close(self):
        self.history.close()


class Sqlite:
    """Nothing of it is summed up."""

    def __init__(self, tmp_path):
        path = tmp_path / "farthing.db"
        self.connection = open_database(path)
        self.outcomes = SqliteOutcomes(path)
        self.history = SqliteHistory(path, now_ms=lambda: NOW)
        self.history.price_with(CARD_OF)

    def keep(self, *calls):
        self.connection.execute("BEGIN")
        for call in calls:
            write(self.connection, call)
        self.connection.execute("COMMIT")

    def ready(self):
        return self.history

    def close(self):
        self.history.close()
        self.outcomes.close()
        self.connection.close()


class Summed(Sqlite):
    """All that is over is summed up before anybody asks."""

    def ready(self):
        while self.history.sum_up():
            continue
        return self.history


@pytest.fixture(params=[Memory, Sqlite, Summed])
def store(request, tmp_path):
    store = request.param(tmp_path)
    yield store
    store.close()


def priced(model="gpt-4o", usage=USED, at_ms=DAY, **rest):
    """An attempt at the book's price."""
    opening = a_call(1, at_ms=at_ms, attempts=({"model": model},)).attempts[0].opening
    found = cost(CARD_OF(opening), usage, rest.get("tier", ""))
    return {"model": model, "usage": usage, "cost_nanos": found.nanos, "remainder_picos": found.remainder_picos, **rest}


def labelled(number, at_ms=DAY, *attempts, prompt="", **labels):
    call = a_call(
        number, at_ms=at_ms, labels=tuple(sorted(labels.items())), attempts=attempts or (priced(at_ms=at_ms),)
    )
    skeleton = msgspec.structs.replace(call.skeleton, prompt_digest=prompt)
    opening = msgspec.structs.replace(call.opening, skeleton=msgspec.json.encode(skeleton))
    return msgspec.structs.replace(call, opening=opening, skeleton=skeleton)


def groups(rows):
    return {row.group: row.calls for row in rows}


def test_nothing_recorded_is_nothing(store):
    history = store.ready()
    assert history.usage(by=("team",), **EVER) == history.meters(by=(), **EVER) == ()
    assert history.runs(**EVER) == history.outcomes(by=(), **EVER) == ()
    assert history.run("r1") is None


def test_usage_is_grouped_by_labels_and_by_every_name_of_ours(store):
    store.keep(
        labelled(1, DAY + 5 * HOUR_MS, team="a", step="s1", run="r1"),
        labelled(2, DAY + DAY_MS, priced("gpt-4o-mini", tier="flex"), {"state": "unknown"}, team="b"),
        a_call(3, at_ms=DAY, closing="refused"),
    )
    history = store.ready()
    assert groups(history.usage(by=("team",), **EVER)) == {("",): 1, ("a",): 1, ("b",): 1}
    assert groups(history.usage(by=("run", "step"), **EVER)) == {("", ""): 2, ("r1", "s1"): 1}
    assert groups(history.usage(by=("hour",), **EVER)) == {
        ("2026-01-11T00",): 1,
        ("2026-01-11T05",): 1,
        ("2026-01-12T00",): 1,
    }
    assert groups(history.usage(by=("day", "outcome"), **EVER)) == {
        ("2026-01-11", "paid"): 1,
        ("2026-01-11", "refused"): 1,
        ("2026-01-12", "paid"): 1,
    }
    assert groups(history.usage(by=("month", "route"), **EVER)) == {("2026-01", "/v1/chat/completions"): 3}
    assert groups(history.usage(by=("tier", "model"), **EVER)) == {
        ("", "gpt-4o"): 1,
        ("flex", "gpt-4o-mini"): 1,
        ("standard", "gpt-4o"): 1,
    }


def test_conditions_leave_out_what_does_not_fit_them(store):
    store.keep(
        labelled(1, DAY, team="a", user="u1"),
        labelled(2, DAY + DAY_MS, priced("gpt-4o-mini"), team="a", user="u2"),
        labelled(3, DAY, team="b"),
    )
    history = store.ready()
    assert groups(history.usage(by=("user",), where=(("team", "a"),), **EVER)) == {("u1",): 1, ("u2",): 1}
    assert groups(history.usage(by=("team",), where=(("user", ""),), **EVER)) == {("b",): 1}
    assert groups(history.usage(by=("team",), where=(("day", "2026-01-12"),), **EVER)) == {("a",): 1}
    assert groups(history.usage(by=("day",), where=(("model", "gpt-4o-mini"),), **EVER)) == {("2026-01-12",): 1}
    assert history.usage(by=(), where=(("day", "yesterday"),), **EVER) == ()
    assert history.meters(by=(), where=(("team", "c"),), **EVER) == ()


def test_a_time_begins_with_its_first_moment_and_ends_before_its_last(store):
    store.keep(*(labelled(number, DAY + number * 1_000) for number in range(5)))
    (row,) = store.ready().usage(by=(), since_ms=DAY + 1_000, until_ms=DAY + 3_000)
    assert row.calls == 2


def test_naive_is_the_model_that_was_asked_for_with_nothing_cached(store):
    dear, cheap = priced("gpt-4o", usage=Usage(input_tokens=1_000, output_tokens=100)), priced("gpt-4o-mini")
    store.keep(a_call(1, at_ms=DAY, model="gpt-4o", attempts=(cheap,)))
    (row,) = store.ready().usage(by=(), **EVER)
    assert (row.cost_nanos, row.naive_nanos) == (cheap["cost_nanos"], dear["cost_nanos"])


def test_naive_is_the_cost_where_no_book_explains_it(store):
    store.keep(a_call(1, at_ms=DAY, attempts=(priced() | {"cost_nanos": 17}, priced() | {"source": "estimate"})))
    (row,) = store.ready().usage(by=(), **EVER)
    assert row.naive_nanos == row.cost_nanos == 17 + priced()["cost_nanos"]


def test_meters_sum_to_the_cost_of_their_group_in_pico_dollars(store):
    odd = priced("gpt-4o-mini", usage=Usage(input_tokens=7, cache_read_input_tokens=3, output_tokens=1))
    store.keep(
        labelled(1, DAY, priced(), odd, team="a"),
        labelled(2, DAY, {"cost_nanos": 12, "remainder_picos": 5, "usage": USED}, team="b"),
        labelled(3, DAY, {"cost_nanos": None}, team="c"),
    )
    history = store.ready()
    meters = history.meters(by=("team",), **EVER)
    for row in history.usage(by=("team",), **EVER):
        assert sum(line.picos for line in meters if line.group == row.group) == row.cost_nanos * 1_000
    assert [line for line in meters if line.group == ("b",)] == [
        MeterRow(group=("b",), meter="rounding", quantity=0, picos_each=0, picos=5),
        MeterRow(group=("b",), meter="unexplained", quantity=0, picos_each=0, picos=11_995),
    ]
    of_a = {(line.meter, line.picos_each): line.quantity for line in meters if line.group == ("a",)}
    assert of_a["cache_read", 1_250_000] == 400
    assert of_a["input", 150_000] == 4
    assert all(line.picos == line.quantity * line.picos_each for line in meters if line.quantity)
    assert not [line for line in meters if line.group == ("c",)]


def test_a_run_is_whole_whatever_part_of_it_was_asked_for(store):
    store.keep(
        labelled(1, DAY, prompt="", run="r1", team="a", step="x"),
        labelled(2, DAY + 3 * HOUR_MS, priced("gpt-4o-mini"), prompt="p1", run="r1", team="b"),
        labelled(3, DAY + 9 * HOUR_MS, {"state": "held"}, run="r1"),
        labelled(4, DAY + 4 * HOUR_MS, run="r2"),
    )
    store.outcomes.book(OtherCost(run="r1", at_ms=NOW, kind="tool", nanos=50, by="ada"))
    store.outcomes.judge(Outcome(run="r1", at_ms=NOW, success=True, score=0.5, by="ada"))
    history = store.ready()
    r1, r2 = history.runs(since_ms=DAY + HOUR_MS, until_ms=DAY + 5 * HOUR_MS)
    assert (r1.run, r2.run) == ("r1", "r2")
    assert (r1.labels, r1.prompt, r1.models) == ((("team", "a"),), "p1", ("gpt-4o", "gpt-4o-mini"))
    assert (r1.first_ms, r1.last_ms, r1.calls, r1.open) == (DAY, DAY + 9 * HOUR_MS, 3, 1)
    assert (r1.largest_input_tokens, r1.usage.input_tokens) == (1_000, 2_000)
    assert r1.cost_nanos == priced()["cost_nanos"] + priced("gpt-4o-mini")["cost_nanos"]
    assert (r1.other_nanos, r1.outcome.success, r2.outcome) == (50, True, None)
    assert history.run("r1") == r1
    assert history.runs(since_ms=DAY + 10 * HOUR_MS, until_ms=NOW) == ()


def test_runs_are_listed_the_newest_or_the_dearest_first_and_in_pages(store):
    store.keep(
        labelled(1, DAY, run="dear"),
        labelled(2, DAY + 1, priced("gpt-4o-mini"), run="middle"),
        labelled(3, DAY + 2, {"state": "void"}, run="free", team="a"),
    )
    history = store.ready()
    assert [row.run for row in history.runs(**EVER)] == ["free", "middle", "dear"]
    assert [row.run for row in history.runs(order="cost", **EVER)] == ["dear", "middle", "free"]
    assert [row.run for row in history.runs(limit=1, offset=1, **EVER)] == ["middle"]
    assert [row.run for row in history.runs(where=(("team", "a"),), **EVER)] == ["free"]
    assert [row.run for row in history.runs(where=(("model", "gpt-4o-mini"),), **EVER)] == ["middle"]


def test_outcomes_count_each_run_once_with_all_it_cost(store):
    store.keep(
        labelled(1, DAY, prompt="p1", run="r1", workflow="w"),
        labelled(2, DAY, prompt="p2", run="r1", workflow="other"),
        labelled(3, DAY, run="r2", workflow="w"),
        labelled(4, DAY, run="r3", workflow="w"),
        labelled(5, DAY - DAY_MS, run="before", workflow="w"),
    )
    for run, success, score in (("r1", True, 0.5), ("r2", False, None)):
        store.outcomes.judge(Outcome(run=run, at_ms=NOW, success=success, score=score, by="ada"))
    store.outcomes.book(OtherCost(run="r2", at_ms=NOW, kind="search", nanos=7, by="ada"))
    history = store.ready()
    each = priced()["cost_nanos"]
    (row,) = history.outcomes(by=("workflow",), since_ms=DAY, until_ms=NOW)
    assert (row.group, row.runs, row.judged, row.succeeded) == (("w",), 3, 2, 1)
    assert (row.cost_nanos, row.judged_nanos, row.succeeded_nanos) == (4 * each + 7, 3 * each + 7, 2 * each)
    assert (row.scored, row.score_sum) == (1, 0.5)
    assert row.judged_square_usd == pytest.approx((2 * each / 1e9) ** 2 + ((each + 7) / 1e9) ** 2)
    by_prompt = history.outcomes(by=("prompt",), since_ms=DAY, until_ms=NOW)
    assert [(row.group, row.runs) for row in by_prompt] == [(("",), 2), (("p1",), 1)]
    assert [row.runs for row in history.outcomes(by=(), where=(("prompt", "p1"),), **EVER)] == [1]


def test_a_label_of_very_many_values_is_told_apart_as_any_other(store):
    users = [f"u{number:03d}" for number in range(130)]
    store.keep(*(labelled(number, DAY + number, user=user, team="ab"[number % 2]) for number, user in enumerate(users)))
    history = store.ready()
    assert groups(history.usage(by=("user",), **EVER)) == {(user,): 1 for user in users}
    assert groups(history.usage(by=("user", "team"), where=(("user", "u129"),), **EVER)) == {("u129", "b"): 1}
    assert groups(history.usage(by=("team",), where=(("user", "u000"),), **EVER)) == {("a",): 1}
    assert groups(history.usage(by=("team",), **EVER)) == {("a",): 65, ("b",): 65}


def a_cost(run, nanos, at_ms=DAY, kind="search"):
    return OtherCost(run=run, at_ms=at_ms, kind=kind, nanos=nanos, by="ada")


def rows_of(*costs):
    return tuple(OtherCostRow(group=group, kind=kind, bookings=many, nanos=nanos) for group, kind, many, nanos in costs)


def test_other_costs_are_grouped_by_their_booking_and_by_whom_their_run_was_for(store):
    store.keep(
        labelled(1, DAY, run="r1", team="a", user="u1"),
        labelled(2, DAY + HOUR_MS, run="r1", team="b"),
        a_call(3, at_ms=DAY, key="bot", labels=(("run", "r2"), ("team", "b")), attempts=(priced(),)),
    )
    for each in (
        a_cost("r1", 5),
        a_cost("r1", 7, DAY + DAY_MS),
        a_cost("r1", 2, kind="compute"),
        a_cost("r2", 11, DAY + 5 * HOUR_MS),
        a_cost("nobody", 13),
    ):
        store.outcomes.book(each)
    history = store.ready()
    assert history.other_costs(by=("team",), **EVER) == rows_of(
        (("",), "search", 1, 13), (("a",), "compute", 1, 2), (("a",), "search", 2, 12), (("b",), "search", 1, 11)
    )
    assert history.other_costs(by=("day", "run"), where=(("user", "u1"),), **EVER) == rows_of(
        (("2026-01-11", "r1"), "compute", 1, 2),
        (("2026-01-11", "r1"), "search", 1, 5),
        (("2026-01-12", "r1"), "search", 1, 7),
    )
    assert history.other_costs(by=("key", "hour"), where=(("day", "2026-01-11"), ("run", "r2")), **EVER) == rows_of(
        (("bot", "2026-01-11T05"), "search", 1, 11)
    )
    assert history.other_costs(by=(), where=(("run", "nobody"), ("team", "")), **EVER) == rows_of(((), "search", 1, 13))


def test_other_costs_have_nothing_of_what_only_calls_have(store):
    store.keep(labelled(1, DAY, run="r1", step="s"))
    store.outcomes.book(a_cost("r1", 5))
    history = store.ready()
    names = ("model", "provider", "tier", "route", "outcome", "step")
    assert history.other_costs(by=names, **EVER) == rows_of((("",) * 6, "search", 1, 5))
    assert history.other_costs(by=(), where=(("model", "gpt-4o"),), **EVER) == ()


def test_other_costs_belong_to_the_time_of_their_booking(store):
    store.keep(labelled(1, DAY, run="r1"))
    for at_ms in (DAY - 1, DAY, DAY + 999, DAY + 1_000):
        store.outcomes.book(a_cost("r1", 1, at_ms))
    (row,) = store.ready().other_costs(by=(), since_ms=DAY, until_ms=DAY + 1_000)
    assert (row.bookings, row.nanos) == (2, 2)
    assert store.ready().other_costs(by=(), since_ms=0, until_ms=DAY - 1) == ()
