"""What every reader of records promises, held against each backend."""

import asyncio
import random

import msgspec
import pytest

from farthing.domain.hold import Loss, Reserved, Spent, Void
from farthing.domain.ids import EPOCH_MS, attempt_id, call_of
from farthing.domain.record import CallClosing, CallOpening, Step
from farthing.domain.usage import Usage
from farthing.ports.records import Adjustment, Ratio
from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.memory.records import Records
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.records import SqliteRecords
from support.ledger_work import BUDGETS, a_reserve, a_settlement
from support.recorded import DAY_MS, a_call, call_id, write

FIRST_DAY, SECOND_DAY = EPOCH_MS + DAY_MS, EPOCH_MS + 2 * DAY_MS
ALL_TIME = {"since_ms": 0, "until_ms": 2**53}


class Memory:
    def __init__(self, tmp_path):
        self.records = Records()

    def keep(self, *calls):
        for call in calls:
            self.records.put(call)

    def remember(self, tenant, response_id, attempt, tokens):
        self.records._remember(tenant, response_id, attempt, tokens)

    def close(self):
        pass


class Sqlite:
    def __init__(self, tmp_path):
        self.connection = open_database(tmp_path / "farthing.db")
        self.records = SqliteRecords(tmp_path / "farthing.db")

    def keep(self, *calls):
        self.connection.execute("BEGIN")
        for call in calls:
            write(self.connection, call)
        self.connection.execute("COMMIT")

    def remember(self, tenant, response_id, attempt, tokens):
        self.connection.execute("INSERT INTO response VALUES (?, ?, ?, ?, 0)", (tenant, response_id, attempt, tokens))

    def close(self):
        self.records.close()
        self.connection.close()


@pytest.fixture(params=[Memory, Sqlite])
def store(request, tmp_path):
    store = request.param(tmp_path)
    yield store
    store.close()


@pytest.fixture
def records(store):
    return store.records


def test_nothing_recorded_reads_as_nothing(records):
    assert records.call(17) is None
    assert records.recent(limit=10) == ()
    assert records.usage(by=("model",), **ALL_TIME) == ()
    assert records.usage(by=(), **ALL_TIME) == ()
    assert records.accounts() == ()
    assert list(records.ratios()) == []


def test_a_call_comes_back_with_everything_that_was_known_of_it(store, records):
    call = a_call(
        1,
        labels=(("team", "a"), ("user", 'o"brien')),
        key="bot",
        streamed=True,
        cap_asked=100,
        attempts=(
            {"state": "void", "reason": "refused connection"},
            {"state": "unknown", "flags": ("drained",)},
            {
                "usage": Usage(input_tokens=9, cache_read_input_tokens=4, output_tokens=2),
                "remainder_picos": 3,
                "steps": (Step("downgrade", "gpt-4o-mini", "80 %", 12), Step("hint", "told", costs_nanos=3)),
            },
        ),
    )
    attempt = call.attempts[2].opening.id
    entry = Adjustment(attempt=attempt, at_ms=5, by="ada", reason="invoice", before="{}", after='{"cost_nanos":1}')
    call = msgspec.structs.replace(call, adjustments=(entry,))
    store.keep(call)
    assert records.call(call.opening.id) == call


def test_a_call_that_runs_has_no_closing_yet(store, records):
    call = a_call(1, closing="", attempts=({"state": "held"},))
    store.keep(call)
    assert records.call(call.opening.id) == call
    (line,) = records.recent(limit=1)
    assert (line.outcome, line.status, line.open, line.attempts, line.cost_nanos) == ("", None, 1, 1, 0)


def test_the_newest_calls_come_first_and_pages_meet_without_gap_or_overlap(store, records):
    store.keep(*(a_call(number, attempts=({},)) for number in range(25)))
    seen, before = [], None
    while page := records.recent(limit=10, before_id=before):
        seen += [line.id for line in page]
        before = page[-1].id
    assert seen == [call_id(number, FIRST_DAY) for number in reversed(range(25))]


def test_a_search_may_be_bounded_and_goes_on_where_it_ended(store, records):
    rare = (("team", "rare"),)
    store.keep(*(a_call(number, labels=rare if number in (3, 20) else ()) for number in range(25)))
    floor = records.reach(10)
    assert floor == call_id(15, FIRST_DAY)
    assert [line.id for line in records.recent(limit=9, labels=rare, from_id=floor)] == [call_id(20, FIRST_DAY)]
    assert records.recent(limit=9, labels=rare, before_id=floor, from_id=records.reach(10, floor)) == ()
    rest = records.reach(10, records.reach(10, floor))
    assert rest == 0
    found = records.recent(limit=9, labels=rare, before_id=call_id(5, FIRST_DAY), from_id=rest)
    assert [line.id for line in found] == [call_id(3, FIRST_DAY)]


def test_nothing_older_is_left_where_the_reach_is_all_there_is(store, records):
    assert records.reach(10) == 0
    store.keep(*(a_call(number) for number in range(10)))
    assert records.reach(10) == 0
    assert records.reach(9) == call_id(1, FIRST_DAY)
    assert len(records.recent(limit=20, from_id=call_id(4, FIRST_DAY))) == 6


def test_a_line_sums_the_attempts_of_its_call(store, records):
    store.keep(
        a_call(
            1,
            attempts=(
                {"state": "void"},
                {"cost_nanos": 700},
                {"cost_nanos": None, "usage": Usage(input_tokens=1, output_tokens=1)},
                {"cost_nanos": 50, "source": "estimate"},
                {"state": "unknown"},
            ),
        )
    )
    (line,) = records.recent(limit=5)
    assert (line.attempts, line.cost_nanos, line.input_tokens, line.output_tokens) == (4, 750, 51, 11)
    assert (line.estimated, line.unpriced, line.open) == (1, 1, 1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"key": "bot"}, [3, 1]),
        ({"outcome": "refused"}, [2]),
        ({"labels": (("team", "a"),)}, [3, 1]),
        ({"labels": (("team", "a"), ("user", "u"))}, [3]),
        ({"run": "r1"}, [2]),
        ({"run": "r1", "key": "bot"}, []),
        ({"labels": (("team", "%"),)}, []),
    ],
)
def test_lists_can_be_narrowed(store, records, wanted, found):
    store.keep(
        a_call(1, key="bot", labels=(("team", "a"),)),
        a_call(2, labels=(("run", "r1"), ("team", "b")), closing="refused"),
        a_call(3, key="bot", labels=(("team", "a"), ("user", "u"))),
    )
    assert [line.id for line in records.recent(limit=10, **wanted)] == [call_id(n, FIRST_DAY) for n in found]


def test_sums_are_exact_beyond_what_a_float_can_hold(store, records):
    huge = 2**58 + 1
    store.keep(*(a_call(n, attempts=({"cost_nanos": huge, "remainder_picos": 999},)) for n in range(3)))
    (row,) = records.usage(by=(), **ALL_TIME)
    assert row.cost_nanos == 3 * huge
    assert row.remainder_picos == 3 * 999
    assert (row.calls, row.attempts, row.usage) == (3, 3, Usage(input_tokens=75, output_tokens=15))


def test_usage_is_grouped_by_labels_and_by_names_of_ours_in_the_order_asked_for(store, records):
    store.keep(
        a_call(1, labels=(("team", "a"),), attempts=({},)),
        a_call(2, labels=(("team", "b"),), attempts=({"model": "claude", "provider": "anthropic"},), key="k"),
        a_call(3, at_ms=SECOND_DAY, closing="refused"),
    )
    table = {
        row.group: row.calls for row in records.usage(by=("team", "provider", "key", "outcome", "day"), **ALL_TIME)
    }
    assert table == {
        ("", "", "", "refused", "2026-01-03"): 1,
        ("a", "openai", "", "paid", "2026-01-02"): 1,
        ("b", "anthropic", "k", "paid", "2026-01-02"): 1,
    }
    assert [row.group for row in records.usage(by=("model",), **ALL_TIME)] == [("claude",), ("gpt-4o",)]


def test_a_call_counts_once_however_many_attempts_and_models_it_took(store, records):
    fallback = ({"state": "void"}, {"model": "small"}, {"model": "small"})
    store.keep(a_call(1, attempts=fallback), a_call(2, closing="refused"))
    rows = {row.group: row for row in records.usage(by=("model",), **ALL_TIME)}
    assert {group: (row.calls, row.attempts, row.refused) for group, row in rows.items()} == {
        ("gpt-4o",): (2, 0, 1),
        ("small",): (0, 2, 0),
    }


def test_what_is_estimated_unpriced_or_still_open_is_told_apart(store, records):
    store.keep(
        a_call(1, attempts=({"cost_nanos": 10}, {"cost_nanos": 7, "source": "estimate"}, {"cost_nanos": None})),
        a_call(2, closing="", attempts=({"state": "held"}, {"state": "unknown"})),
    )
    (row,) = records.usage(by=(), **ALL_TIME)
    assert (row.cost_nanos, row.estimated_nanos, row.unpriced, row.open) == (17, 7, 1, 2)


def test_usage_takes_calls_from_the_first_moment_up_to_but_not_with_the_last(store, records):
    store.keep(*(a_call(n, at_ms=FIRST_DAY + n, attempts=({},)) for n in range(10)))
    (row,) = records.usage(by=(), since_ms=FIRST_DAY + 2, until_ms=FIRST_DAY + 5)
    assert row.calls == 3
    assert records.usage(by=(), since_ms=FIRST_DAY + 10, until_ms=FIRST_DAY + 11) == ()


def test_ratios_are_of_the_last_attempts_whose_provider_said_something(store, records):
    def usage(tokens):
        return {"usage": Usage(input_tokens=tokens), "text_bytes": 100}

    store.keep(
        a_call(1, attempts=(usage(1), usage(2))),
        a_call(2, attempts=({**usage(3), "source": "estimate"}, {"state": "unknown"}, usage(0))),
        a_call(3, attempts=({**usage(4), "model": "small"}, {"text_bytes": 0})),
        a_call(4, attempts=(usage(5),)),
    )
    assert list(records.ratios()) == [
        Ratio("openai", "gpt-4o", 100, 5),
        Ratio("openai", "small", 100, 4),
        Ratio("openai", "gpt-4o", 100, 2),
        Ratio("openai", "gpt-4o", 100, 1),
    ]
    assert list(records.ratios(limit=1)) == [Ratio("openai", "gpt-4o", 100, 5), Ratio("openai", "small", 100, 4)]


def test_a_response_is_known_to_its_own_tenant_only(store, records):
    attempt = attempt_id(call_id(1, FIRST_DAY), 1)
    store.remember("ada", "resp_1", attempt, 300)
    store.remember("ada", "resp_2", attempt + 16, None)
    assert records.context_of("ada", "resp_1") == 300
    assert records.context_of("bob", "resp_1") is None
    assert records.pending_response("ada", "resp_1") is None
    assert records.context_of("ada", "resp_2") is None
    assert records.pending_response("ada", "resp_2") == attempt + 16
    assert records.pending_response("bob", "resp_2") is None


CLOCK = EPOCH_MS + DAY_MS


async def a_day_at_work(ledger) -> list[int]:
    """A call of each fate; their ids."""
    chance = random.Random(3)
    ledger.adopt(BUDGETS, ())
    asks = [a_reserve((n + 1) << 22, chance) for n in range(5)]
    for ask in asks:
        assert isinstance(await ledger.reserve(ask), Reserved)
    paid, lost, unsent, remembered, _running = (ask.opening.id for ask in asks)
    ledger.settle(a_settlement(paid, chance))
    ledger.lose(
        Loss(attempt=lost, seen=Spent(picos=5, input_tokens=3), due_ms=CLOCK * 2, reason="reset", flags=("cut",))
    )
    ledger.void(Void(attempt=unsent, reason="not sent", at_ms=CLOCK))
    again = a_reserve(call_of(unsent), chance, ordinal=2)
    await ledger.reserve(msgspec.structs.replace(again, call=None))
    ledger.settle(msgspec.structs.replace(a_settlement(again.opening.id, chance), cost_nanos=None))
    settlement = a_settlement(remembered, chance)
    ledger.settle(msgspec.structs.replace(settlement, response_id="resp_1", remember_for="ada", flags=("drained",)))
    refused = CallOpening(id=99 << 22, arrived_ms=CLOCK, labels=(("user", "x"),), model="gpt-4o")
    ledger.refuse(
        refused, CallClosing(id=refused.id, outcome="refused", status=402, finished_ms=CLOCK, code="budget_exceeded")
    )
    ledger.close_call(CallClosing(id=call_of(lost), outcome="unknown", status=502, finished_ms=CLOCK))
    await ledger.flush()
    return [*(ask.opening.call_id for ask in asks), refused.id]


def what_it_reads(records, calls: list[int]) -> dict:
    return {
        "calls": [msgspec.structs.replace(records.call(call), adjustments=()) for call in calls],
        "recent": records.recent(limit=100),
        "usage": records.usage(by=("user", "model", "outcome"), **ALL_TIME),
        "accounts": records.accounts(),
        "ratios": list(records.ratios()),
        "context": records.context_of("ada", "resp_1"),
    }


def test_both_ledgers_leave_the_same_records(tmp_path):
    async def run():
        memory = MemoryLedger(clock=lambda: CLOCK)
        calls = await a_day_at_work(memory)
        durable = SqliteLedger.open(tmp_path / "farthing.db", clock=lambda: CLOCK)
        assert await a_day_at_work(durable) == calls
        records = SqliteRecords(tmp_path / "farthing.db")
        try:
            expected, found = what_it_reads(memory.records, calls), what_it_reads(records, calls)
        finally:
            records.close()
            await durable.close()
        for part, value in expected.items():
            assert found[part] == value, part
        assert found["context"] is not None
        assert {attempt.state for call in found["calls"] for attempt in call.attempts} == {
            "held",
            "unknown",
            "settled",
            "void",
        }

    asyncio.run(run())
