"""Facts from the file beside their contract suite: hours summed once, gates, indices, and a past too long for one question."""

import sqlite3

import pytest

from farthing.domain.budget import Unit
from farthing.domain.usage import Usage
from farthing.stores.sqlite import alert_facts as module
from farthing.stores.sqlite.alert_facts import SqliteFacts
from farthing.stores.sqlite.connect import open_database
from support.alerting import DAY_MS, HOUR_MS, NOON, USD
from support.recorded import a_call, write


class Store:
    def __init__(self, path):
        self.now_ms = NOON
        self.queries = []
        self.connection = open_database(path)
        self.facts = SqliteFacts(path, now_ms=lambda: self.now_ms, connect=self.traced)

    def traced(self, *args, **more):
        connection = sqlite3.connect(*args, **more)
        connection.set_trace_callback(self.queries.append)
        return connection

    def keep(self, *calls):
        self.connection.execute("BEGIN")
        for call in calls:
            write(self.connection, call)
        self.connection.execute("COMMIT")

    def hours(self, label="user"):
        query = "SELECT hour_ms, value, cost_nanos FROM alert_hour WHERE label = ? ORDER BY 1, 2"
        return self.connection.execute(query, (label,)).fetchall()

    def scans(self):
        """Pages of calls read since the last time this was asked."""
        found = sum(query.startswith("SELECT ") and "FROM call c" in query for query in self.queries)
        self.queries.clear()
        return found


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "farthing.db")
    yield store
    store.facts.close()
    store.connection.close()


def paid(number, at_ms, *, state="settled", user="bob"):
    settled = {"cost_nanos": USD, "usage": Usage(input_tokens=9)} if state == "settled" else {}
    return a_call(number, at_ms=at_ms, labels=(("user", user),), attempts=({"state": state, **settled},))


def test_an_hour_that_is_over_is_summed_once_for_good(store):
    store.keep(paid(1, NOON - 3 * HOUR_MS), paid(2, NOON - 2 * HOUR_MS, user="eve"), paid(3, NOON - 1))
    first = store.facts.sums("user", NOON - 3 * HOUR_MS, NOON)
    assert store.scans() == 3
    assert store.facts.sums("user", NOON - 3 * HOUR_MS, NOON) == first
    assert store.scans() == 1, "only the hour that has just ended is read again"
    assert store.hours() == [
        (NOON - 3 * HOUR_MS, "", 0),
        (NOON - 3 * HOUR_MS, "bob", USD),
        (NOON - 2 * HOUR_MS, "", 0),
        (NOON - 2 * HOUR_MS, "eve", USD),
    ]


@pytest.mark.parametrize(
    ("state", "after_ms", "kept"),
    [
        ("settled", 9 * 60_000, False),
        ("settled", 10 * 60_000, True),
        ("unknown", 59 * 60_000, False),
        ("held", 59 * 60_000, False),
        ("unknown", HOUR_MS, True),
    ],
)
def test_an_hour_waits_for_what_is_still_open_but_not_for_ever(store, state, after_ms, kept):
    store.keep(paid(1, NOON - 1, state=state))
    store.now_ms = NOON + after_ms
    store.facts.sums("user", NOON - HOUR_MS, NOON)
    assert bool(store.hours()) is kept


def test_another_process_finds_the_hours_that_were_summed(store, tmp_path):
    store.keep(paid(1, NOON - 5 * HOUR_MS))
    store.facts.sums("user", NOON - 6 * HOUR_MS, NOON - 2 * HOUR_MS)
    store.scans()
    other = SqliteFacts(tmp_path / "farthing.db", now_ms=lambda: NOON, connect=store.traced)
    (found,) = other.sums("user", NOON - 6 * HOUR_MS, NOON - 2 * HOUR_MS)
    assert (found.cost_nanos, store.scans()) == (USD, 0)
    other.close()


def test_a_past_too_long_for_one_question_is_summed_over_several(store, monkeypatch):
    monkeypatch.setattr(module, "CALLS_AT_ONCE", 10)
    store.keep(*(paid(n, NOON - n * HOUR_MS + HOUR_MS // 2) for n in range(2, 26)))
    answers = [store.facts.sums("user", NOON - 25 * HOUR_MS, NOON) for _ in range(3)]
    assert answers[:2] == [None, None], "ten of 24 hours at a time"
    assert answers[2][0].cost_nanos == 24 * USD


def test_pages_of_calls_meet_without_gap_or_overlap(store, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 7)
    store.keep(*(paid(n, NOON - HOUR_MS + n) for n in range(50)))
    (found,) = store.facts.sums("user", NOON - HOUR_MS, NOON)
    assert found.attempts == 50
    monkeypatch.setattr(module, "CALLS_AT_ONCE", 1)
    assert store.facts.sums("user", NOON - HOUR_MS, NOON)[0].attempts == 50, (
        "the hour that has just ended is summed whole"
    )


def test_hours_that_no_rule_can_ask_for_are_forgotten(store):
    store.keep(paid(1, NOON - 20 * DAY_MS), paid(2, NOON - 2 * HOUR_MS))
    store.facts.sums("user", NOON - 20 * DAY_MS, NOON - 20 * DAY_MS + HOUR_MS)
    store.facts.sums("user", NOON - 2 * HOUR_MS, NOON - HOUR_MS)
    assert [hour for hour, value, _ in store.hours() if value] == [NOON - 2 * HOUR_MS]


def test_a_closed_gate_is_told_until_somebody_acknowledges_it(store):
    store.connection.execute(
        "INSERT INTO gate (name, attempt, at_ms, detail) VALUES ('openai/gpt', 1, 1, '200 of 100')"
    )
    (found,) = store.facts.happenings("provider_overran", NOON)
    assert (found.subject, found.times) == ("openai/gpt", 1)
    store.connection.execute("UPDATE gate SET acknowledged_ms = 5")
    assert store.facts.happenings("provider_overran", NOON) == ()


def test_questions_about_accounts_open_attempts_and_events_find_their_rows_by_an_index(store):
    for query, values in (
        (module._OF_WINDOWS, ('["w"]', "b", "usd", 1)),
        (module._UNKNOWN, ()),
        (module._EVENTS, ("loop", 1)),
        (module._OVERRUNS, (1, 2)),
        (module._TURNS, (1, 2, 3, 4)),
    ):
        plan = [row[3] for row in store.connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
        assert not [line for line in plan if line.startswith("SCAN") and not known_scan(line)], plan
        assert not [line for line in plan if "AUTOMATIC" in line], plan


def known_scan(line):
    """Of the list of windows that was asked for, and of the index that holds open attempts alone."""
    return "json_each" in line or "attempt_open" in line


def test_only_the_newest_runs_of_a_budget_are_looked_at(store, monkeypatch):
    rows = [("b", "", "usd", f"run:r{n}", 0, 5) for n in range(module.NEWEST_RUNS + 3)]
    store.connection.execute("BEGIN")
    store.connection.executemany(
        "INSERT INTO account (budget, value, unit, window, closes_ms, posted) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    store.connection.execute("COMMIT")
    found = {one.account.window for one in store.facts.accounts("b", Unit.USD, (), 1)}
    assert len(found) == module.NEWEST_RUNS
    assert "run:r2" not in found
    assert "run:r3" in found


def test_our_own_sums_do_not_look_like_a_change(store):
    store.keep(paid(1, NOON - 5 * HOUR_MS))
    before = store.facts.stamp()
    store.facts.sums("user", NOON - 6 * HOUR_MS, NOON)
    assert store.hours()
    assert store.facts.stamp() == before


MINUTE = 60_000
HALF = NOON + 30 * MINUTE
"""The 60 minutes before it hold no whole hour."""


def full_hour(store):
    """A call a minute, up to now."""
    store.now_ms = HALF
    store.keep(*(paid(1 + n, HALF - (59 - n) * MINUTE - 1) for n in range(60)))


def last_hour(store):
    return store.facts.sums("user", store.now_ms - HOUR_MS, store.now_ms)


def test_of_the_last_hour_what_is_over_is_read_once(store):
    full_hour(store)
    (first,) = last_hour(store)
    assert (first.attempts, first.cost_nanos) == (60, 60 * USD)
    once = store.scans()
    store.keep(paid(100, HALF - 1))
    (again,) = last_hour(store)
    assert again.attempts == 61
    assert store.scans() < once / 2
    store.now_ms += 20 * MINUTE
    assert last_hour(store)[0].attempts == 41
    store.now_ms += 3 * HOUR_MS
    assert last_hour(store) == ()
    assert all(at_ms >= store.now_ms - 2 * HOUR_MS for _, at_ms in store.facts._slices)


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_a_slice_with_something_open_is_read_again_until_it_is_settled(store, state):
    store.now_ms = HALF
    store.keep(paid(1, HALF - 33 * MINUTE, state=state), paid(2, HALF - 32 * MINUTE))
    assert last_hour(store)[0].attempts == 1
    store.connection.execute("UPDATE attempt SET state = 2, cost_nanos = ? WHERE state < 2", (USD,))
    assert last_hour(store)[0].attempts == 2


@pytest.mark.parametrize("open_minutes", [(), (31, 36, 41, 46, 51, 56)])
def test_an_hour_too_full_for_one_question_is_summed_over_several_even_if_something_stays_open(
    store, monkeypatch, open_minutes
):
    monkeypatch.setattr(module, "CALLS_AT_ONCE", 10)
    full_hour(store)
    store.keep(*(paid(100 + n, HALF - n * MINUTE, state="unknown") for n in open_minutes))
    answers = [last_hour(store) for _ in range(9)]
    assert answers[0] is None
    assert answers[-1][0].attempts == 60
