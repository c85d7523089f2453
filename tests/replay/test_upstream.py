"""A provider without sockets: it takes as long as it took, and fails as it failed."""

import pytest

from farthing.domain.errors import Ambiguous, Unreachable
from farthing.ports.upstream import Outbound
from farthing.replay.clockwork import run_from
from farthing.replay.draft import RecordedDialect, RecordedDraft
from farthing.replay.replies import Replies
from farthing.replay.upstream import RecordedUpstream, Under
from support.past_calls import BEGIN_MS, a_call


def sending(call, tries=1):
    """What the provider answers at the last of so many tries, and when it ended."""

    async def send(loop):
        upstream = RecordedUpstream(Replies(caches=False), loop)
        upstream.under[call.id] = Under(call)
        body = RecordedDraft(call).outbound(model=call.sent_model, cap=call.cap)
        for left in range(tries, 0, -1):
            try:
                answer = await upstream.send(Outbound(origin="", target="", body=body))
            except Unreachable:
                if left == 1:
                    raise
        return answer.status, await answer.read_all(1 << 20), loop.now_ms()

    return run_from(BEGIN_MS, send)


def test_an_answer_ends_when_it_ended():
    status, body, at_ms = sending(a_call())
    assert (status, at_ms) == (200, BEGIN_MS + 1_000)
    assert RecordedDialect("openai-chat").answered(body).usage == a_call().usage


def test_time_in_which_it_waited_for_money_is_not_the_providers():
    assert sending(a_call(waited_ms=400))[2] == BEGIN_MS + 600


def test_attempts_that_were_not_sent_are_not_sent_again():
    call = a_call(failures=("refused the connection", "again"))
    with pytest.raises(Unreachable, match="again"):
        sending(call, tries=2)
    assert sending(call, tries=3)[0] == 200


def test_a_call_the_provider_refused_is_refused():
    failed = {"usage": None, "outcome": "failed", "code": ""}
    assert sending(a_call(**failed, status=429))[:2] == (429, b"")
    with pytest.raises(Unreachable):
        sending(a_call(**failed, status=502))


def test_an_outcome_nobody_knew_stays_unknown():
    with pytest.raises(Ambiguous):
        sending(a_call(usage=None, outcome="unknown", code=""))
