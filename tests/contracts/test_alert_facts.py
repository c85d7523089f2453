"""What alerts may ask of every store's ledger, and that each backend answers the same."""

import msgspec
import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.usage import Usage
from farthing.ports.alerts import Context, Event, Happening, Sums
from farthing.ports.outcomes import Outcome
from farthing.ports.records import Share
from farthing.stores.memory.alert_facts import MemoryFacts
from farthing.stores.memory.alerts import MemoryOutbox
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.memory.records import Records
from farthing.stores.sqlite.alert_facts import SqliteFacts
from farthing.stores.sqlite.alerts import SqliteOutbox
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.outcomes import SqliteOutcomes
from support.alerting import DAY_MS, HOUR_MS, NOON, USD
from support.recorded import a_call, write


class Memory:
    def __init__(self, tmp_path, clock):
        self.records, self.outbox = Records(), MemoryOutbox()
        self.directory = MemoryDirectory(now_ms=clock)
        self.outcomes = MemoryOutcomes(self.directory)
        self.facts = MemoryFacts(self.records, self.directory, self.outbox, MemoryHistory(self.records, self.outcomes))

    def keep(self, *calls):
        for call in calls:
            self.records.put(call)

    def account(self, budget, value, unit, window, posted=0, held=0, unknown=0):
        self.records._tally(AccountKey(budget, value, unit, window), posted, held, unknown, 7)

    def close(self):
        pass


class Sqlite:
    def __init__(self, tmp_path, clock):
        path = tmp_path / "farthing.db"
        self.connection = open_database(path)
        self.facts, self.outbox = SqliteFacts(path, now_ms=clock), SqliteOutbox(path)
        self.outcomes = SqliteOutcomes(path)

    def keep(self, *calls):
        self.connection.execute("BEGIN")
        for call in calls:
            write(self.connection, call)
        self.connection.execute("COMMIT")

    def account(self, budget, value, unit, window, posted=0, held=0, unknown=0):
        self.connection.execute(
            "INSERT INTO account (budget, value, unit, window, closes_ms, posted, held, unknown) "
            "VALUES (?, ?, ?, ?, 7, ?, ?, ?)",
            (budget, value, unit, window, posted, held, unknown),
        )

    def close(self):
        self.facts.close()
        self.outbox.close()
        self.outcomes.close()
        self.connection.close()


@pytest.fixture(params=[Memory, Sqlite])
def store(request, tmp_path):
    store = request.param(tmp_path, lambda: NOON)
    yield store
    store.close()


def paid(number, at_ms=NOON - 1, *, dollars=1, tokens=(100, 40), attempts=1, flags=(), state="settled", **labels):
    """A call of so many attempts that cost so much each; `tokens` are input, and read from the cache."""
    usage = Usage(input_tokens=tokens[0], cache_read_input_tokens=tokens[1])
    settled = {"cost_nanos": dollars * USD, "usage": usage} if state == "settled" else {}
    one = {"state": state, "flags": flags, **settled}
    return a_call(number, at_ms=at_ms, labels=tuple(sorted(labels.items())), attempts=(one,) * attempts)


def test_nothing_recorded_is_nothing(store):
    facts = store.facts
    assert facts.accounts("all", Unit.USD, ("lifetime",), 0) == ()
    assert facts.sums("", NOON - DAY_MS, NOON) == facts.sums("user", NOON - 1, NOON) == ()
    assert facts.contexts(NOON - HOUR_MS, NOON) == ()
    for kind in ("overrun", "unknown", "provider_overran", "loop"):
        assert facts.happenings(kind, 0) == ()


def test_accounts_are_those_of_the_windows_asked_for_that_spent_enough(store):
    store.account("all", "bob", Unit.USD, "w1", posted=5, unknown=2, held=3)
    store.account("all", "eve", Unit.USD, "w1", posted=6, held=9)
    store.account("all", "bob", Unit.USD, "w0", posted=99)
    store.account("all", "bob", Unit.TOKENS, "w1", posted=99)
    store.account("other", "bob", Unit.USD, "w1", posted=99)
    (found,) = store.facts.accounts("all", Unit.USD, ("w1", "w2"), 7)
    assert found.account == AccountKey("all", "bob", Unit.USD, "w1")
    assert (found.limit, found.posted, found.held, found.unknown, found.closes_ms) == (None, 5, 3, 2, 7)
    assert len(store.facts.accounts("all", Unit.USD, ("w0", "w1"), 0)) == 3


def test_accounts_of_runs_are_asked_for_without_naming_them(store):
    for n in range(3):
        store.account("per run", "", Unit.USD, f"run:r{n}", posted=n)
    found = store.facts.accounts("per run", Unit.USD, (), 1)
    assert {one.account.window for one in found} == {"run:r1", "run:r2"}


def test_calls_are_summed_by_label_or_together(store):
    store.keep(
        paid(1, user="bob", team="a", dollars=2),
        paid(2, user="bob", team="b", attempts=2),
        paid(3, user="eve"),
        paid(4),
        paid(5, user="bob", state="unknown"),
        paid(6, user="zoe", state="void"),
    )

    def sums(value, attempts, dollars):
        return Sums(
            value=value,
            attempts=attempts,
            cost_nanos=dollars * USD,
            input_tokens=attempts * 100,
            cache_read_input_tokens=attempts * 40,
        )

    assert store.facts.sums("user", NOON - 1, NOON) == (sums("", 1, 1), sums("bob", 3, 4), sums("eve", 1, 1))
    assert store.facts.sums("", NOON - 1, NOON) == (sums("", 5, 6),)
    assert store.facts.sums("model", NOON - 1, NOON) == (sums("gpt-4o", 5, 6),)


@pytest.mark.parametrize("back", [1, HOUR_MS // 2, HOUR_MS, 5 * HOUR_MS + 7, 7 * DAY_MS])
def test_a_stretch_of_time_holds_its_first_moment_and_not_its_last(store, back):
    times = (NOON - back - 1, NOON - back, NOON - 1, NOON)
    store.keep(*(paid(n, at_ms, dollars=10**n) for n, at_ms in enumerate(sorted(set(times)))))
    (found,) = store.facts.sums("", NOON - back, NOON)
    inside = [n for n, at_ms in enumerate(sorted(set(times))) if NOON - back <= at_ms < NOON]
    assert found.cost_nanos == sum(10**n for n in inside) * USD


def test_asking_twice_tells_the_same_with_what_came_in_between(store):
    store.keep(*(paid(n, NOON - n * HOUR_MS, user=f"u{n % 3}") for n in range(1, 60)))
    first = store.facts.sums("user", NOON - 48 * HOUR_MS, NOON)
    assert store.facts.sums("user", NOON - 48 * HOUR_MS, NOON) == first
    assert sum(one.attempts for one in first) == 48
    store.keep(paid(99, NOON - 1, user="u0"))
    again = store.facts.sums("user", NOON - 48 * HOUR_MS, NOON)
    assert sum(one.attempts for one in again) == 49


def turns(run, *tokens, start=0, agent=None, at_ms=NOON - HOUR_MS):
    labels = {"run": run} | ({"agent": agent} if agent else {})
    return [paid(start + n, at_ms + n, tokens=(count, 0), **labels) for n, count in enumerate(tokens)]


def test_a_runs_context_is_that_of_its_first_and_its_last_three_turns(store):
    store.keep(*turns("r1", 100, 200, 300, 900, 1_000, 1_100, agent="a"), *turns("r2", 5, 6, start=50), paid(99))
    assert store.facts.contexts(NOON - HOUR_MS, NOON) == (
        Context(run="r1", agent="a", first_tokens=600, last_tokens=3_000),
    )


def test_agents_of_one_run_have_contexts_of_their_own(store):
    store.keep(*turns("r1", 1, 1, 1, agent="a"), *turns("r1", 500, 500, 500, start=10, agent="b"))
    found = store.facts.contexts(NOON - HOUR_MS, NOON)
    assert [(one.agent, one.first_tokens) for one in found] == [("a", 3), ("b", 1_500)]


def test_the_first_turns_are_remembered_when_they_are_long_past(store):
    store.keep(*turns("r1", 100, 100, 100, at_ms=NOON - 5 * HOUR_MS))
    store.facts.contexts(NOON - 5 * HOUR_MS, NOON - 4 * HOUR_MS)
    store.keep(*turns("r1", 900, 900, 900, start=20, at_ms=NOON - HOUR_MS))
    (found,) = store.facts.contexts(NOON - HOUR_MS, NOON)
    assert (found.first_tokens, found.last_tokens) == (300, 2_700)


def test_overruns_of_the_last_hour_are_counted_by_model(store):
    store.keep(
        paid(1, flags=("overran_cap", "overran_hold")),
        paid(2, flags=("overran_input",)),
        paid(3, flags=("cut_by_cap",)),
        paid(4, NOON - DAY_MS, flags=("overran_cap",)),
    )
    (found,) = store.facts.happenings("overrun", NOON - HOUR_MS)
    assert (found.subject, found.times) == ("openai/gpt-4o", 2)


def test_outcomes_that_nobody_knows_are_counted_whenever_they_began(store):
    store.keep(paid(1, NOON - DAY_MS, state="unknown"), paid(2, state="held"), paid(3, state="unknown", attempts=2))
    (found,) = store.facts.happenings("unknown", NOON - HOUR_MS)
    assert (found.subject, found.times) == ("openai/gpt-4o", 3)


def test_noted_events_are_told_by_kind_and_subject_with_the_last_detail(store):
    for at_ms, kind, subject, detail in (
        (NOON - DAY_MS, "loop", "run r1", "long ago"),
        (NOON - 2, "loop", "run r1", "first"),
        (NOON - 1, "loop", "run r1", "last"),
        (NOON, "loop", "run r0", ""),
        (NOON, "orphan", "run r1", ""),
    ):
        store.outbox.note(Event(kind=kind, subject=subject, detail=detail, at_ms=at_ms))
    assert store.facts.happenings("loop", NOON - HOUR_MS) == (
        Happening(subject="run r0", times=1),
        Happening(subject="run r1", times=2, detail="last"),
    )


def test_the_stamp_changes_when_the_ledger_does(store):
    before = store.facts.stamp()
    store.keep(paid(1))
    assert store.facts.stamp() != before


def test_shares_of_an_attempt_do_not_count_twice(store):
    """An attempt touches an account for each of its budgets, and its cost is one."""
    call = paid(1, user="bob")
    (attempt,) = call.attempts
    share = Share(AccountKey("b", "", Unit.USD, "lifetime"), 9, 9)
    more = msgspec.structs.replace(attempt, shares=(*attempt.shares, share))
    store.keep(msgspec.structs.replace(call, attempts=(more,)))
    assert store.facts.sums("user", NOON - 1, NOON)[0].cost_nanos == USD


def test_a_file_that_cannot_be_used_is_told_as_such(tmp_path):
    path = tmp_path / "farthing.db"
    facts = SqliteFacts(path, now_ms=lambda: NOON)
    facts.stamp()
    connection = open_database(path)
    connection.execute("DROP TABLE call")
    with pytest.raises(LedgerUnavailable):
        facts.sums("user", 0, NOON)
    connection.close()
    facts.close()


def test_successes_are_those_of_runs_that_began_in_that_time_where_somebody_spoke_for_any(store):
    store.keep(
        paid(1, NOON - 9, run="r1", team="a"),
        paid(2, NOON - 8, run="r2", team="a"),
        paid(3, NOON - 7, run="r3", team="b"),
        paid(4, NOON - DAY_MS, run="r4", team="a"),
    )
    for run, success in (("r1", True), ("r2", False), ("r4", True)):
        store.outcomes.judge(Outcome(run=run, at_ms=NOON, success=success))
    found = {sums.value: sums.successes for sums in store.facts.sums("team", NOON - HOUR_MS, NOON)}
    assert found == {"a": 1, "b": None}
    (whole,) = store.facts.sums("", NOON - HOUR_MS, NOON)
    assert whole.successes == 1
