"""A. Admission races that other gateways lost, R01 to R10: whole gateways, many callers in the same moment."""

import threading
from functools import partial

import pytest

from farthing.domain.budget import Grant
from farthing.domain.hold import Reserved
from farthing.domain.money import parse_usd
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from farthing.testing import Fault, Reply
from support.callers import at_once, cost_of, gateway_before, held, money, provider_of, refused_by, send, settled
from support.gateway import write_config
from support.gateway_process import GatewayProcess, LedgerFile
from support.hasty import PATHS, eventually
from support.ledgers import Clock
from support.money import budget, fixed, key, void

HOUR_MS = 3_600_000


@pytest.fixture
def provider():
    with provider_of() as simulated:
        yield simulated


def slowly(provider, calls):
    """The next answers take so long that none is settled before all of the callers have been decided on."""
    provider.faults.push(*[Fault(kind="latency", seconds=0.2)] * calls)


def statuses(answers):
    return [answer.status_code for answer in answers]


def test_r01_a_session_budget_is_not_checked_and_then_incremented(tmp_path, provider):
    """litellm: the session's budget was compared, and added to after the answer: overspent once for each caller at once."""
    each = cost_of(provider)
    slowly(provider, 24)
    with gateway_before(provider, tmp_path, money("session", 5 * each + each // 2, window='"run"')) as gateway:
        got = statuses(at_once([partial(send, gateway.url, labels="run=one")] * 24))
        assert (got.count(200), got.count(402)) == (5, 19)
        assert settled(gateway, provider, "session") == (5 * each, 5 * each)
        assert send(gateway.url, labels="run=another").status_code == 200


def test_r02_the_first_calls_of_a_user_nobody_has_seen_are_held_to_the_limit(tmp_path, provider):
    """litellm: until an end user had a row there was nothing to compare with, so all first requests passed."""
    each = cost_of(provider)
    slowly(provider, 24)
    with gateway_before(provider, tmp_path, money("each user", each + each // 2, each='"user"')) as gateway:
        for user in ("ann", "bob", "cleo"):
            got = statuses(at_once([partial(send, gateway.url, labels=f"user={user}")] * 8))
            assert sorted(got) == [200] + [402] * 7
        assert settled(gateway, provider, "each user") == (3 * each, 3 * each)


@pytest.mark.slow
def test_r03_three_processes_spend_one_budget_and_not_three(tmp_path, provider):
    """litellm: every replica counted for itself, so N of them spent N budgets."""
    each = cost_of(provider)
    slowly(provider, 18)
    config = write_config(tmp_path, provider.url, money("all", 6 * each + each // 2))
    with GatewayProcess(config) as one, GatewayProcess(config) as two, GatewayProcess(config) as three:
        got = statuses(at_once([partial(send, gateway.url) for gateway in (one, two, three) * 6]))
        with LedgerFile(tmp_path / "farthing.db") as ledger:
            eventually(lambda: ledger.standing()[1:] == (0, 0), "nothing is held")
            posted = ledger.standing()[0]
    assert (got.count(200), got.count(402)) == (6, 12)
    assert posted == provider.bill.nanos == 6 * each


@pytest.mark.slow
def test_r04_a_balance_that_a_process_remembers_is_not_believed_when_another_has_spent(tmp_path, provider):
    """litellm: a replica's own copy of the counter was read before the shared one."""
    each = cost_of(provider)
    config = write_config(tmp_path, provider.url, money("all", 4 * each + each // 2))
    with GatewayProcess(config) as here, GatewayProcess(config) as there:
        assert statuses([send(here.url), send(there.url), send(here.url), send(here.url)]) == [200] * 4
        refused = refused_by(send(there.url))
    assert parse_usd(refused["spent_usd"]) == provider.bill.nanos == 4 * each


def test_r05_what_was_read_before_decides_nothing(tmp_path):
    """new-api: a cached quota was read, compared, and then decremented without a condition.

    Eight threads on two ledgers of one file have all seen that the money is there. One of them gets it, each time.
    """
    path = tmp_path / "ledger.db"
    ledgers = [SqliteLedger.open(path) for _ in range(2)]
    for ledger in ledgers:
        ledger.adopt([budget("b", 1_000)])

    def take(number):
        got = ledgers[number % 2].reserve_blocking(fixed(number, 600, wait_ms=1))
        return number if isinstance(got, Reserved) else None

    for turn in range(12):
        for place, ledger in enumerate(ledgers):
            ledger.reserve_blocking(fixed(1_000 + 2 * turn + place, 0))  # reads the file
            assert (ledger.standing(key()).held, ledger.left(key())) == (0, 1_000)
        winners = [number for number in at_once([partial(take, 1 + turn * 8 + place) for place in range(8)]) if number]
        assert len(winners) == 1
        ledgers[winners[0] % 2].void(void(winners[0]))
        ledgers[winners[0] % 2].flush_blocking()
    for ledger in ledgers:
        ledger.close_now()
    assert verify(path) == []


def test_r06_a_caller_with_a_thousand_times_the_need_is_held_for_like_any_other(tmp_path, provider):
    """one-api: whoever had a hundred times the need was trusted, and nothing was held for their calls."""
    each = cost_of(provider)
    provider.faults.push(*[Fault(kind="latency", seconds=0.5)] * 6)
    with gateway_before(provider, tmp_path, money("rich", 1_000 * each)) as gateway:
        callers = threading.Thread(target=at_once, args=([partial(send, gateway.url)] * 6,))
        callers.start()
        eventually(lambda: len(provider.bill) == 6, "all are under way")
        assert held(gateway) >= 6 * each
        callers.join(60)
        assert settled(gateway, provider, "rich") == (6 * each, 6 * each)


@pytest.mark.parametrize("dialect", PATHS)
def test_r07_parallel_streams_do_not_all_pass_because_none_has_ended(tmp_path, provider, dialect):
    """Envoy AI Gateway: tokens were counted when a stream ended, so streams that ran side by side all passed."""
    each = cost_of(provider, dialect)
    provider.faults.push(*[Fault(kind="slow", seconds=0.002)] * 12)
    with gateway_before(provider, tmp_path, money("all", 4 * each + each // 2)) as gateway:
        got = statuses(at_once([partial(send, gateway.url, dialect, stream=True)] * 12))
        assert (got.count(200), got.count(402)) == (4, 8)
        assert settled(gateway, provider, "all") == (4 * each, 4 * each)


@pytest.mark.parametrize("dialect", PATHS)
def test_r08_a_hold_that_is_made_smaller_makes_the_request_smaller(tmp_path, dialect):
    """litellm: the hold was cut to what was left and the request went out with its own cap; here models use all of theirs."""
    limit = 6_000_000 if dialect == "messages" else 600_000
    with (
        provider_of(script=lambda prompt: Reply(tokens=15_000)) as provider,
        gateway_before(provider, tmp_path, money("all", limit)) as gateway,
    ):
        got = at_once([partial(send, gateway.url, dialect, cap=15_000)] * 3)
        sent = [entry.cap for entry in provider.bill]
        posted, billed = settled(gateway, provider, "all")
        kept = [gateway.engine.records.call(call.id).attempts for call in gateway.engine.records.recent(limit=3)]
    assert len(sent) == statuses(got).count(200) > 0
    assert sorted(sent) == sorted(attempts[0].cap for attempts in kept if attempts)
    assert all(256 <= cap < 15_000 for cap in sent)
    assert limit * 0.9 < posted == billed <= limit


def test_r09_the_first_calls_of_a_new_window_are_counted_before_anyone_has_reset_it(tmp_path, provider):
    """Bifrost: when a window had expired nothing was compared until an earlier answer had reset it."""
    each, clock = cost_of(provider), Clock()
    slowly(provider, 24)
    with gateway_before(provider, tmp_path, money("hourly", 2 * each + each // 2, window='"hour"'), clock) as gateway:
        for turn in range(1, 4):
            got = statuses(at_once([partial(send, gateway.url)] * 8))
            assert (got.count(200), got.count(402)) == (2, 6)
            assert settled(gateway, provider, "hourly") == (2 * turn * each, 2 * turn * each)
            clock.now_ms += HOUR_MS


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", PATHS)
def test_r10_a_call_that_costs_more_than_the_whole_limit_is_not_let_in_because_nothing_was_spent(
    tmp_path, provider, dialect, stream
):
    """limits: a cost above the limit itself was answered with yes."""
    each = cost_of(provider, dialect)
    with gateway_before(provider, tmp_path, money("all", each - 1)) as gateway:
        refused = refused_by(send(gateway.url, dialect, stream=stream))
        assert parse_usd(refused["spent_usd"]) == parse_usd(refused["reserved_usd"]) == 0
        assert parse_usd(refused["needed_usd"]) > each - 1
        assert (gateway.posted("all"), held(gateway), len(provider.bill)) == (0, 0, 0)


def test_r10_a_grant_adds_what_it_says_and_no_more(tmp_path):
    ledger = SqliteLedger.open(tmp_path / "ledger.db")
    ledger.adopt([budget("b", 100)], [Grant(account=key(), amount=50, by="an operator")])
    assert not isinstance(ledger.reserve_blocking(fixed(1, 151, wait_ms=1)), Reserved)
    assert isinstance(ledger.reserve_blocking(fixed(2, 150, wait_ms=1)), Reserved)
    assert not isinstance(ledger.reserve_blocking(fixed(3, 1, wait_ms=1)), Reserved)
    ledger.close_now()
