"""B. Holds that other gateways leaked, doubled or lost, R11 to R21: whole gateways against the provider's own bill."""

import os
import signal
import threading
from functools import partial

import pytest

from farthing.domain.money import parse_usd
from farthing.domain.usage import Usage
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from farthing.testing import Fault, Reply
from support.callers import at_once, cost_of, gateway_before, held, money, provider_of, refused_by, send, settled
from support.faults import Faults
from support.gateway_process import LedgerFile
from support.hasty import PATHS, eventually
from support.leaving import leave_at_byte, leave_once_sent
from support.money import budget, fixed, key, settlement, void

COUNTING = '[[budgets]]\nname = "tokens"\ntokens = 2500\n'
UNPRICED = "a-model-nobody-priced"


@pytest.fixture
def provider():
    with provider_of() as simulated:
        yield simulated


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def unknown(gateway):
    gateway.flush()
    return sum(standing.unknown for standing in gateway.engine.records.accounts())


def ended(gateway, provider):
    """Every call has come to its end; nothing is held as if it were under way."""
    eventually(
        lambda: all(entry.outcome != "running" for entry in provider.bill) and held(gateway) == 0, "all has ended"
    )


@pytest.mark.parametrize("fault", ["400", "401", "403", "404", "413", "429", "529"])
def test_r11_no_refusal_of_the_provider_leaves_a_hold_behind(tmp_path, provider, fault):
    """litellm: on some ways to its end a call kept its hold, and phantom money refused later calls for minutes."""
    each = cost_of(provider)
    provider.faults.push(*[fault] * 12)
    with gateway_before(provider, tmp_path, money("all", 2 * each)) as gateway:
        for stream in (False, True) * 2:
            assert send(gateway.url, stream=stream).status_code == int(fault)
        assert (held(gateway), unknown(gateway), gateway.posted("all")) == (0, 0, 0)
        provider.faults.clear()
        assert [send(gateway.url).status_code for _ in range(3)] == [200, 200, 402]


def test_r11_neither_does_a_provider_that_cannot_be_reached(tmp_path, provider):
    each = cost_of(provider)
    with gateway_before(provider, tmp_path, money("all", 2 * each)) as gateway:
        with provider.refusing():
            assert send(gateway.url).status_code == 502
        assert (held(gateway), unknown(gateway)) == (0, 0)
        assert [send(gateway.url).status_code for _ in range(3)] == [200, 200, 402]


@pytest.mark.slow
def test_r12_clients_that_leave_in_the_middle_leak_no_hold(tmp_path, provider):
    """litellm: cancelled requests kept their holds; one site had two thousand disconnected streams on one model."""
    each = cost_of(provider)
    provider.faults.push(*[Fault(kind="slow", seconds=0.001)] * 40)
    with gateway_before(provider, tmp_path, money("all", 41 * each + each // 2)) as gateway:
        at_once([partial(leave_at_byte, gateway.url, 100 + 250 * k, stream=True) for k in range(40)])
        eventually(lambda: len(provider.bill) == 40, "all were sent")
        posted, billed = settled(gateway, provider, "all")
        assert posted + unknown(gateway) >= billed > 0
        assert unknown(gateway) == 0
        assert send(gateway.url).status_code == 200


def test_r13_an_answer_that_is_heard_of_twice_is_posted_once(tmp_path, provider):
    """litellm: when a clean-up failed, what was posted before, what was reserved and the cost were all counted."""
    provider.faults.push("usage_twice", "usage_every_chunk", "usage_twice", "usage_every_chunk")
    with gateway_before(provider, tmp_path, money("all", parse_usd("1"))) as gateway:
        for dialect in ("chat", "chat", "messages", "responses"):
            assert send(gateway.url, dialect, stream=True).status_code == 200
        posted, billed = settled(gateway, provider, "all")
        assert posted == billed > 0


def settle_three(ledger, first):
    for number in range(first, first + 3):
        ledger.reserve_blocking(fixed(number, 100))
        ledger.settle(settlement(number, 70))
    ledger.flush_blocking()


def test_r14_what_was_settled_is_there_exactly_once_whoever_reads_the_file_again(path):
    """litellm: a counter was filled anew from the database and the cost marked as applied without being added."""
    for first in (10, 20, 30):
        child = os.fork()
        if not child:
            try:
                settle_three(SqliteLedger.open(path), first)
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
        again = SqliteLedger.open(path)
        for number in range(first, first + 3):
            again.settle(settlement(number, 70))  # told once more, to be sure: it changes nothing
        again.reserve_blocking(fixed(900 + first, 0))  # reads the file
        assert again.standing(key()).posted == 70 * 3 * (first // 10)
        again.close_now()
    assert verify(path) == []


def test_r15_success_without_a_price_is_not_free_under_a_budget_of_money(tmp_path, provider):
    """litellm: the answer of a model without a price gave its hold back and cost nothing."""
    with gateway_before(provider, tmp_path, money("all", parse_usd("1"))) as gateway:
        refused = send(gateway.url, model=UNPRICED)
        assert (refused.status_code, refused.json()["error"]["code"]) == (402, "unpriced_model")
        assert (gateway.posted("all"), held(gateway), len(provider.bill)) == (0, 0, 0)


def test_r15_success_without_a_price_uses_up_a_budget_of_tokens(tmp_path, provider):
    with gateway_before(provider, tmp_path, COUNTING) as gateway:
        got = [send(gateway.url, model=UNPRICED).status_code for _ in range(25)]
        used = sum(entry.usage.input_tokens + entry.usage.output_tokens for entry in provider.bill)
        assert got == sorted(got)
        assert set(got) == {200, 402}
        assert 2_000 <= gateway.posted("tokens") == used <= 2_500


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", PATHS)
def test_r16_the_fifth_call_is_not_refused_for_the_holds_of_the_first_four(tmp_path, provider, dialect, stream):
    """litellm: passed-through calls were posted as nothing and kept their holds: refused from the fifth on."""
    each = cost_of(provider, dialect)
    with gateway_before(provider, tmp_path, money("all", 10 * each + each // 2)) as gateway:
        for number in range(1, 11):
            assert send(gateway.url, dialect, stream=stream).status_code == 200
            assert (gateway.posted("all"), held(gateway), unknown(gateway)) == (number * each, 0, 0)
        assert send(gateway.url, dialect, stream=stream).status_code == 402


def test_r17_what_is_enforced_is_what_is_recorded_and_what_was_billed(tmp_path, provider):
    """litellm: $111.29 was enforced where $55.74 was on record."""
    each = cost_of(provider)
    limit = 12 * each
    with gateway_before(provider, tmp_path, money("all", limit)) as gateway:
        provider.faults.push(None, "429", None, "400", "usage_twice", None, "529", None)
        for stream in (False, True) * 4:
            send(gateway.url, stream=stream)
        leave_once_sent(gateway.url, lambda: len(provider.bill) == 9, stream=True)
        ended(gateway, provider)
        while (last := send(gateway.url)).status_code == 200:
            assert len(provider.bill) < 30
        posted, billed = settled(gateway, provider, "all")
        calls = [gateway.engine.records.call(call.id) for call in gateway.engine.records.recent(limit=100)]
    recorded = sum(attempt.cost_nanos or 0 for call in calls for attempt in call.attempts)
    assert parse_usd(refused_by(last)["spent_usd"]) == posted == recorded == billed
    assert limit - each < billed <= limit


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", PATHS)
def test_r18_an_answer_that_never_says_what_it_used_keeps_its_hold(tmp_path, provider, dialect, stream):
    """new-api: where the final usage was missing all that was held went back, and the call was free."""
    each = cost_of(provider, dialect)
    provider.faults.push(*["no_usage"] * 20)
    with gateway_before(provider, tmp_path, money("all", 4 * each)) as gateway:
        got = [send(gateway.url, dialect, stream=stream).status_code for _ in range(8)]
        assert got == sorted(got)
        assert gateway.posted("all") + gateway.open("all") >= provider.bill.nanos
        assert got.count(200) * each == provider.bill.nanos <= 4 * each
        assert got[-1] == 402


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_r19_a_hold_whose_release_was_interrupted_is_released_once(path, after):
    """new-api: the refund and its mark were two transactions, so a retry refunded twice."""
    faults = Faults()
    ledger = SqliteLedger.open(path, connect=faults.connect)
    ledger.adopt([budget("b", 1_000)])
    for number, nanos in ((1, 300), (2, 500)):
        ledger.reserve_blocking(fixed(number, nanos))
    broken = threading.Event()

    def commit_once(verb, _place):
        if verb == "COMMIT" and not broken.is_set():
            broken.set()
            return True
        return False

    faults.arm(commit_once, after=after)
    ledger.void(void(1))
    assert broken.wait(10)
    for _ in range(3):
        ledger.void(void(1))
    with LedgerFile(path) as file:
        eventually(lambda: file.standing("b") == (0, 500, 0), "only the other call's hold is left")
    ledger.void(void(1))
    ledger.close_now()
    with LedgerFile(path) as file:
        assert sum(file.standing("b")) == 500
    assert verify(path) == []


def test_r20_failing_on_purpose_is_not_a_way_to_be_free(tmp_path, provider):
    """trillian: quota came back for every request that failed, so whoever failed had no quota at all."""
    each = cost_of(provider)
    provider.faults.push(*["error:status=500,billed=true"] * 40)
    with gateway_before(provider, tmp_path, money("all", 4 * each)) as gateway:
        got = [send(gateway.url, stream=bool(number % 2)).status_code for number in range(20)]
        assert got.count(500) <= 4
        assert got[-1] == 402
        assert provider.bill.nanos <= gateway.posted("all") + gateway.open("all") <= 4 * each
        assert provider.bill.nanos >= 3 * each


@pytest.mark.parametrize("dialect", PATHS)
def test_r21_what_was_reserved_and_not_used_is_not_spent(tmp_path, dialect):
    """gptme: a provider counted the reserved maximum, $92 a day for a dollar's use.

    Thirty calls that may each write four thousand tokens and write ten; there is money for two such holds at most.
    """
    with provider_of(script=lambda prompt: Reply(tokens=10)) as provider:
        each = cost_of(provider, dialect, cap=4_000)
        worst = 4_000 * (5_000 if dialect == "messages" else 600)
        with gateway_before(provider, tmp_path, money("all", 2 * worst)) as gateway:
            assert [send(gateway.url, dialect, cap=4_000).status_code for _ in range(30)] == [200] * 30
            assert settled(gateway, provider, "all") == (30 * each, 30 * each)
        assert all(entry.usage != Usage() and entry.cap == 4_000 for entry in provider.bill)
