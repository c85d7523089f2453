"""Answers that are read whole: settled by what they say, void where the status proves that nothing was billed."""

import asyncio

import pytest

from farthing.call.states import Answering, Failed, Over
from farthing.call.whole import conclude, why_unknown
from farthing.domain.errors import Ambiguous
from farthing.wire.dialect import Answered
from support.client import ListeningClient
from support.desk import ValueDesk, chat, dollars
from support.funded import funded
from support.upstream import PreparedAnswer, chat_answer

CUT = Ambiguous("reset")


def concluded(answer, client=None, body=None):
    at = ValueDesk(budgets=(dollars("1"),))
    client = client or ListeningClient()

    async def go():
        return await conclude(Answering(await funded(at, body or chat(max_tokens=50)), answer), at, client)

    return at, client, asyncio.run(go())


def test_the_client_gets_the_providers_bytes_and_what_they_cost():
    answer = chat_answer(10, 5)
    body = answer.pieces[0]
    at, client, state = concluded(answer)
    assert isinstance(state, Over)
    assert client.text == body
    assert client.headers[b"x-farthing-cost-usd"] == b"0.0000045"
    assert at.last().closing.first_byte_ms == 0


def test_money_is_posted_before_the_client_sees_a_byte():
    at = ValueDesk(budgets=(dollars("1"),))
    seen = []

    class Watching(ListeningClient):
        async def whole(self, status, headers, body):
            seen.append(at.spent())

    async def go():
        await conclude(Answering(await funded(at, chat()), chat_answer(10, 5)), at, Watching())

    asyncio.run(go())
    assert seen == [(4_500, 0, 0)]


def test_a_client_that_left_meanwhile_pays_and_its_record_says_that_it_left():
    client = ListeningClient()
    answer = chat_answer(10, 5)
    answer.on_read = lambda: setattr(client, "gone", True)
    at, _, _ = concluded(answer, client)
    assert at.spent() == (4_500, 0, 0)
    assert at.last().closing.status == 499
    assert "drained" in at.last().attempts[0].flags


@pytest.mark.parametrize("status", [400, 429, 529])
def test_a_status_that_proves_that_nothing_was_billed_proves_it_although_the_body_broke_off(status):
    at, _, state = concluded(PreparedAnswer(status, [b'{"err', CUT]))
    assert isinstance(state, Failed)
    assert state.cost_nanos == 0
    assert at.spent() == (0, 0, 0)
    assert at.last().closing.outcome == "failed"


@pytest.mark.parametrize("status", [200, 500])
def test_any_other_answer_that_broke_off_keeps_its_hold(status):
    at, _, state = concluded(PreparedAnswer(status, [b'{"choi', CUT]))
    assert isinstance(state, Failed)
    assert state.cost_nanos is None
    assert at.spent()[2] > 0


def test_an_answer_longer_than_the_limit_keeps_its_hold():
    at = ValueDesk(budgets=(dollars("1"),))
    at.limits = type(at.limits)(answer_bytes=10)
    client = asyncio.run(at_call(at, PreparedAnswer(200, [b"x" * 11])))
    assert client.status == 502
    assert at.spent()[2] > 0


async def at_call(at, answer):
    at.upstream.outcomes.append(answer)
    return await at.call(chat())


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        (Answered(usage=None, failed="overloaded_error"), "overloaded_error"),
        (Answered(usage=None, pending=True), "fetched"),
        (Answered(usage=None, flaw="tokens are negative"), "tokens are negative"),
        (Answered(usage=None), "no usage"),
    ],
)
def test_why_a_cost_is_unknown_is_said(answered, why):
    assert why in why_unknown(answered)


@pytest.mark.parametrize("status", [408, 499])
def test_what_a_proxy_says_of_a_timeout_is_no_proof_that_nothing_was_billed(status):
    at, client, _ = concluded(PreparedAnswer(status, [b"{}"]))
    posted, held, unknown = at.spent()
    assert (posted, held) == (0, 0)
    assert unknown > 0
    assert client.status == status
