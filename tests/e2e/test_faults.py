"""Every way in which a provider can fail, each with the ledger it must leave: settled to the nano-dollar, void with proof, or unknown and held."""

import json
import threading
from typing import NamedTuple

import pytest

from farthing.domain.money import parse_usd, usd
from farthing.testing import Fault, Reply
from support.hasty import BUDGET, CAP, GATES, account_of, call, eventually, hasty_gateway
from support.leaving import (
    abandon_after_events,
    half_close,
    leave_at_byte,
    leave_inside_body,
    leave_once_sent,
    read_nothing_until,
)
from support.midflight import cut_while_in_flight

DIALECTS = ("chat", "responses", "messages")


class Expected(NamedTuple):
    """The ledger after one call that met a fault."""

    status: int
    """What the client sees; a stream that began has said 200."""
    state: str
    """`settled`: posted is the bill. `void`: nothing posted, nothing held. `unknown`: nothing posted, the hold stays."""
    ended: bool | None = True
    """Whether the answer came to a proper end on the client's side; None where that depends on how its bytes were split."""


SETTLED, UNKNOWN = Expected(200, "settled"), Expected(200, "unknown")
CUT = Expected(200, "unknown", ended=False)
GONE = Expected(502, "unknown")
PASSED_OR_CUT = Expected(200, "unknown", ended=None)


def void(status):
    return Expected(status, "void")


WHOLE = {
    "400": void(400),
    "401": void(401),
    "403": void(403),
    "404": void(404),
    "408": Expected(408, "unknown"),
    "413": void(413),
    "429:retry_after=7": void(429),
    "529:retry_after=7": void(529),
    "500": Expected(500, "unknown"),
    "502": Expected(502, "unknown"),
    "503": Expected(503, "unknown"),
    "error:status=500,billed=true": Expected(500, "unknown"),
    "error_body": UNKNOWN,
    "error_body:billed=true": UNKNOWN,
    "silence": GONE,
    "latency:seconds=1.5": GONE,
    "reset_before_headers": GONE,
    "reset_after_headers": GONE,
    "reset_mid_body": GONE,
    "truncate": UNKNOWN,
    "malformed": UNKNOWN,
    "malformed_usage": UNKNOWN,
    "no_usage": UNKNOWN,
    "usage_twice": SETTLED,
    "negative_usage": UNKNOWN,
    "huge_usage": UNKNOWN,
}
"""For an answer that is not streamed, in every dialect."""
STREAMED = {
    "429:retry_after=7": void(429),
    "529:retry_after=7": void(529),
    "500": Expected(500, "unknown"),
    "error:status=500,billed=true": Expected(500, "unknown"),
    "error_body": UNKNOWN,
    "error_event": UNKNOWN,
    "error_event:events=30": UNKNOWN,
    "silence": GONE,
    "latency:seconds=1.5": GONE,
    "slow:seconds=1.5": CUT,
    "reset_before_headers": GONE,
    "reset_after_headers": CUT,
    "reset_mid_body": CUT,
    "reset_after_events:events=1": CUT,
    "reset_after_events:events=40": CUT,
    "truncate": CUT,
    "truncate:events=40": CUT,
    "malformed": SETTLED,
    "malformed_usage": PASSED_OR_CUT,
    "no_usage": UNKNOWN,
    "usage_twice": SETTLED,
    "usage_every_chunk": SETTLED,
    "usage_with_choices": SETTLED,
    "zero_usage": SETTLED,
    "negative_usage": UNKNOWN,
    "huge_usage": UNKNOWN,
}
"""For a stream. `malformed` breaks an event of text: the client's parser must meet it as it would direct, and usage still comes."""
ROWS = [
    *((fault, False, dialect, expected) for fault, expected in WHOLE.items() for dialect in DIALECTS),
    *((fault, True, dialect, expected) for fault, expected in STREAMED.items() for dialect in DIALECTS),
]


def name(row):
    fault, stream, dialect, _ = row
    return f"{fault}-{'streamed' if stream else 'whole'}-{dialect}"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with hasty_gateway(tmp_path_factory.mktemp("faults")) as pair:
        yield pair


def faulty_call(both, fault, dialect, *, stream, **more):
    """One call that meets the fault: what the client saw, the ledger, what was posted and held by it, and its bill."""
    gateway, provider = both
    provider.reset()
    provider.faults.push(fault)
    posted, held = gateway.posted("all"), gateway.open("all")
    seen = call(gateway.url, dialect, stream=stream, **more)
    account = account_of(gateway, seen)
    eventually(lambda: all(e.outcome != "running" for e in provider.bill), "the provider has made up its bill")
    return seen, account, account.posted - posted, account.open - held, provider.bill.nanos


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_fault_leaves_the_ledger_that_is_written_here(both, row):
    fault, stream, dialect, expected = row
    seen, account, posted, held, billed = faulty_call(both, fault, dialect, stream=stream)
    assert (seen.status, account.states) == (expected.status, (expected.state,))
    assert expected.ended in (None, seen.ended)
    assert len(both[1].bill) == 1, "nothing that may have been billed is sent again"
    (attempt,) = account.attempts
    match expected.state:
        case "settled":
            assert (posted, held) == (billed, 0)
            assert attempt.source == "provider"
        case "void":
            assert (posted, held, billed) == (0, 0, 0)
        case "unknown":
            assert posted == 0
            assert held == attempt.shares[0].amount >= billed
            assert attempt.due_ms > attempt.opening.opened_ms
            assert attempt.cost_nanos is None
            assert "x-farthing-cost-usd" not in seen.headers
    if "retry_after" in fault:
        assert seen.headers["retry-after"] == "7"
    if expected == CUT:
        assert '"error"' in seen.text, "a stream that must stop ends with the dialect's own error event"


def test_a_refused_connection_is_void_and_each_retry_had_a_hold_of_its_own(both):
    gateway, provider = both
    provider.reset()
    posted, held = gateway.posted("all"), gateway.open("all")
    with provider.refusing():
        seen = call(gateway.url, "chat", stream=False)
    account = account_of(gateway, seen)
    assert seen.status == 502
    assert account.states == ("void", "void", "void")
    assert [attempt.opening.ordinal for attempt in account.attempts] == [1, 2, 3]
    assert (account.posted, account.open) == (posted, held)
    assert "nothing was charged" in seen.text


def test_a_storm_of_429_sends_each_call_once_and_posts_nothing(both):
    gateway, provider = both
    provider.reset()
    provider.faults.push(*["429:retry_after=1"] * 20)
    posted, held = gateway.posted("all"), gateway.open("all")
    statuses = {call(gateway.url, "chat", stream=False).status for _ in range(20)}
    assert statuses == {429}
    assert len(provider.bill) == 20
    assert (gateway.posted("all"), gateway.open("all")) == (posted, held)


# Caps that are not kept


def overrun_gateway(folder):
    return hasty_gateway(folder, BUDGET, patience="5s")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_provider_that_reports_four_times_the_cap_is_posted_in_full_and_its_model_refused(tmp_path, dialect):
    with overrun_gateway(tmp_path) as both:
        gateway, _ = both
        seen, account, posted, held, billed = faulty_call(both, "overrun:times=4", dialect, stream=False)
        (attempt,) = account.attempts
        assert (seen.status, attempt.state, posted, held) == (200, "settled", billed, 0)
        assert attempt.usage.output_tokens == 4 * CAP
        assert "overran_cap" in attempt.flags
        assert_gate_is_closed(gateway, dialect)
        assert_nothing_else_is_blocked(gateway, dialect)
        gateway.engine.directory.acknowledge(GATES[dialect], "an operator")
        eventually(lambda: call(gateway.url, dialect, stream=False).status == 200, "the acknowledged model works again")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_that_goes_past_its_cap_is_cut_and_kept_as_unknown(tmp_path, dialect):
    with overrun_gateway(tmp_path) as both:
        gateway, _ = both
        seen, account, posted, held, _ = faulty_call(both, "overrun:times=40", dialect, stream=True)
        (attempt,) = account.attempts
        assert (seen.status, seen.ended, attempt.state, posted) == (200, False, "unknown", 0)
        assert "output_cap_passed" in seen.text or "went past its output cap" in seen.text
        assert {"cut", "overran_cap"} <= set(attempt.flags)
        assert held > 0
        assert_gate_is_closed(gateway, dialect)
        assert_nothing_else_is_blocked(gateway, dialect)


def assert_gate_is_closed(gateway, dialect):
    seen = call(gateway.url, dialect, stream=False)
    assert seen.status == 402
    assert "billed more output than the cap it was sent" in seen.text
    assert account_of(gateway, seen).call.closing.code == "provider_overran"


def assert_nothing_else_is_blocked(gateway, dialect):
    other = "messages" if dialect != "messages" else "chat"
    assert call(gateway.url, other, stream=False).status == 200
    model = "claude-sonnet-4-6" if dialect == "messages" else "gpt-4.1"
    assert call(gateway.url, dialect, stream=False, model=model).status == 200


# What an unknown outcome is charged in the end


@pytest.mark.slow
@pytest.mark.parametrize(("policy", "rule"), [("charge_hold", "the hold"), ("charge_seen", "what was seen")])
def test_an_unknown_outcome_is_charged_by_its_budgets_policy_when_it_is_due(tmp_path, policy, rule):
    more = f'[gateway]\nunknown_after = "1s"\n[[budgets]]\nname = "all"\nlimit = "100 USD"\nunknown = "{policy}"\n'
    with hasty_gateway(tmp_path, more) as (gateway, provider):
        provider.faults.push("reset_after_events:events=40")
        seen = call(gateway.url, "chat", stream=True)
        (attempt,) = account_of(gateway, seen).attempts
        least, held = -(-attempt.seen.picos // 1_000), attempt.shares[0].amount
        eventually(lambda: gateway.open("all") == 0, "the policy charged it")
        (charged,) = account_of(gateway, seen).attempts
        billed = provider.bill.nanos
    assert (charged.state, charged.source) == ("settled", "estimate")
    expected = {"the hold": held, "what was seen": least}[rule]
    assert sum(share.amount for share in charged.shares) == expected
    assert 0 < least < held
    assert expected >= billed


# Clients that leave


def test_a_stream_abandoned_after_five_events_is_drained_and_settled_truthfully(both):
    gateway, provider = both
    for dialect in DIALECTS:
        provider.reset()
        provider.faults.push(Fault(kind="slow", seconds=0.005))
        posted, held = gateway.posted("all"), gateway.open("all")
        abandon_after_events(gateway.url, dialect, 5)
        eventually(lambda held=held: gateway.open("all") == held and len(provider.bill) == 1, "the stream was drained")
        eventually(lambda: all(e.outcome == "answered" for e in provider.bill), "the provider made its whole answer")
        assert gateway.posted("all") - posted == provider.bill.nanos > 0
        newest = gateway.engine.records.call(gateway.engine.records.recent(limit=1)[0].id)
        assert newest.attempts[0].source == "provider"
        assert newest.attempts[0].usage.output_tokens == provider.bill.entries[0].usage.output_tokens


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_client_that_leaves_at_any_byte_leaves_a_ledger_that_equals_the_bill(tmp_path, stream):
    """Sixty places: in the request, before the answer, in its header, in its body, after it."""

    pace = {"faults": [Fault(kind="slow", seconds=0.002) if stream else Fault(kind="latency", seconds=0.02)] * 60}
    with hasty_gateway(tmp_path, script=lambda prompt: Reply(tokens=40), **pace) as (gateway, provider):
        for k in range(60):
            leave_at_byte(gateway.url, k * (160 if stream else 30), stream=stream, cap=CAP)
        eventually(lambda: gateway.open("all") == 0, "nothing is held for clients that left")
        eventually(lambda: all(e.outcome != "running" for e in provider.bill), "the bill is made up")
        gateway.flush()
        calls = gateway.engine.records.recent(limit=100)
        assert gateway.posted("all") == provider.bill.nanos
        assert len(calls) == len(provider.bill) + sum(call.outcome == "unsent" for call in calls)
        assert gateway.engine.draining == 0


def test_a_client_that_leaves_inside_its_own_body_is_never_sent(both):

    gateway, provider = both
    provider.reset()
    before = len(gateway.engine.records.recent(limit=1_000))
    leave_inside_body(gateway.url)
    assert call(gateway.url, "chat", stream=False).status == 200
    gateway.flush()
    assert len(provider.bill) == 1
    assert len(gateway.engine.records.recent(limit=1_000)) == before + 1


def test_a_client_that_closes_only_its_sending_half_costs_what_the_bill_says(both):

    gateway, provider = both
    provider.reset()
    posted, held = gateway.posted("all"), gateway.open("all")
    half_close(gateway.url)
    eventually(lambda: gateway.open("all") == held, "nothing stays held")
    eventually(lambda: all(e.outcome != "running" for e in provider.bill), "the bill is made up")
    assert gateway.posted("all") - posted == provider.bill.nanos


def test_a_stream_whose_client_does_not_read_settles_from_what_we_read_ahead(both):
    gateway, provider = both
    provider.reset()
    posted = gateway.posted("all")

    def settled():
        return len(provider.bill) == 1 and gateway.posted("all") - posted == provider.bill.nanos > 0

    assert b"data: [DONE]" in read_nothing_until(gateway.url, settled)


def waiting(gateway):
    """How many calls wait for money that others hold."""
    return len(gateway.engine.ledger._shift.book.queue)


def test_a_client_that_leaves_while_it_waits_for_money_is_never_sent(tmp_path):
    """The first call holds all there is; the second waits for it, and is gone before it comes."""
    with hasty_gateway(tmp_path, patience="20s", script=lambda prompt: Reply(tokens=CAP)) as (gateway, provider):
        call(gateway.url, "chat", stream=False)
        limit = provider.bill.nanos
    (tmp_path / "tight").mkdir()
    budget = f'[[budgets]]\nname = "all"\nlimit = "{usd(limit * 3 // 2)} USD"\nwait = "60s"\n'
    slow = Fault(kind="latency", seconds=2.0)
    with hasty_gateway(
        tmp_path / "tight", budget, patience="20s", faults=[slow], script=lambda prompt: Reply(tokens=CAP)
    ) as (
        gateway,
        provider,
    ):
        first = threading.Thread(target=call, args=(gateway.url, "chat"), kwargs={"stream": False})
        first.start()
        eventually(lambda: len(provider.bill) == 1, "the first call is under way")
        leave_once_sent(gateway.url, lambda: waiting(gateway) == 1, stream=False)
        eventually(lambda: waiting(gateway) == 0, "nobody waits any more")
        first.join(20)
        gateway.flush()
        left, paid = gateway.engine.records.recent(limit=2)
        assert (left.outcome, left.attempts, paid.outcome) == ("unsent", 0, "paid")
        assert len(provider.bill) == 1
        assert gateway.posted("all") == provider.bill.nanos


# Changes while a call is under way


def test_a_limit_cut_in_mid_flight_breaks_no_hold(tmp_path):

    seen, posted, billed, refused = cut_while_in_flight(tmp_path)
    assert seen.status == 200
    assert posted == billed > parse_usd("0.000001"), "the truth is posted, above the limit that was cut meanwhile"
    assert (refused.status, json.loads(refused.text)["error"]["code"]) == (402, "budget_exceeded")
