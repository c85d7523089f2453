"""Sending: what goes out, and what is proven when nothing did."""

import asyncio
import json

import msgspec
import pytest

from farthing.call.arrival import Provider
from farthing.call.rules import Rules
from farthing.call.sending import send
from farthing.call.states import Answering, Failed, Funded, NeedsFunds, Over
from farthing.domain.errors import Ambiguous, BadRequest, NotSent
from farthing.wire.anthropic.messages import MessagesDialect
from support.client import ListeningClient
from support.desk import OPENAI, ValueDesk, chat, dollars
from support.funded import claude, claude_answer, funded
from support.upstream import PreparedAnswer, chat_answer


def desk(*outcomes, limit="1", provider=None, **more):
    at = ValueDesk(*outcomes, budgets=(dollars(limit, **more),))
    if provider is not None:
        at.rules = Rules(book=at.rules.book, facts=at.rules.facts, resolver=at.rules.resolver, providers=(provider,))
    return at


def sending(at, body, dialect=None, client=None, **more):
    async def go():
        holding = await funded(at, body, dialect, **more)
        return holding, await send(Funded(holding), at, client or ListeningClient())

    return asyncio.run(go())


def test_what_goes_out_carries_the_cap_that_is_held_for_and_the_providers_own_key():
    provider = Provider(
        name="p",
        format="openai",
        origin="https://p.test",
        base_path="/v1",
        headers=((b"authorization", b"Bearer ours"), (b"openai-project", b"ours")),
    )
    at = desk(chat_answer(), provider=provider)
    theirs = ((b"openai-project", b"theirs"), (b"openai-beta", b"x"))
    holding, _ = sending(at, chat(), headers=theirs, credential=((b"authorization", b"Bearer theirs"),), query="a=b")
    request = at.upstream.sent[0]
    assert (request.origin, request.target) == ("https://p.test", "/v1/chat/completions?a=b")
    assert request.headers == (
        (b"authorization", b"Bearer ours"),
        (b"openai-project", b"ours"),
        (b"openai-beta", b"x"),
    )
    assert json.loads(request.body)["max_completion_tokens"] == holding.reserved.cap


def test_the_callers_own_key_goes_only_to_a_provider_that_has_none():
    provider = Provider(name="p", format="openai", origin="https://p.test", has_credential=False)
    at = desk(chat_answer(), provider=provider)
    sending(at, chat(), credential=((b"authorization", b"Bearer theirs"),))
    assert at.upstream.sent[0].headers == ((b"authorization", b"Bearer theirs"),)


def test_a_provider_knows_the_names_it_configures_whatever_it_was_made_from():
    one = Provider(name="p", format="openai", origin="https://p.test", headers=((b"x-a", b"1"), (b"x-b", b"2")))
    assert one.header_names == {b"x-a", b"x-b"}
    assert msgspec.structs.replace(one, headers=((b"x-c", b"3"),)).header_names == {b"x-c"}


def test_an_answer_that_has_begun_is_handed_on_with_its_hold():
    answer = chat_answer()
    holding, state = sending(desk(answer), chat())
    assert isinstance(state, Answering)
    assert state.answer is answer
    assert state.holding is holding
    assert not holding.ended


def test_a_client_that_left_before_anything_was_sent_costs_nothing():
    at = desk(chat_answer())
    client = ListeningClient()
    client.gone = True
    _, state = sending(at, chat(), client=client)
    assert isinstance(state, Over)
    assert not at.upstream.sent
    assert at.spent() == (0, 0, 0)
    assert at.last().closing.outcome == "unsent"


def test_when_nothing_was_sent_the_money_is_free_and_the_next_attempt_asks_anew():
    at = desk(NotSent("no route"))
    holding, state = sending(at, chat())
    assert isinstance(state, NeedsFunds)
    assert (state.plan, state.ordinal) == (msgspec.structs.replace(holding.plan, steps=state.plan.steps), 2)
    assert [(step.stage, step.why) for step in state.plan.steps] == [("retry", "no route")]
    assert at.spent() == (0, 0, 0)
    assert at.last().closing is None


def test_what_may_have_been_sent_keeps_its_hold_whatever_was_said():
    at = desk(Ambiguous("reset"))
    _, state = sending(at, chat())
    assert isinstance(state, Failed)
    assert state.code == "upstream_unknown"
    assert at.spent()[2] > 0
    assert at.last().closing.outcome == "unknown"


def test_a_request_that_cannot_be_written_was_not_sent_and_is_the_callers_to_mend():
    at = desk(BadRequest("the header x-b holds a control character", field="x-b"))
    client = asyncio.run(at.call(chat()))
    assert client.status == 400
    assert json.loads(client.text)["error"]["param"] == "x-b"
    assert len(at.upstream.sent) == 1
    assert at.spent() == (0, 0, 0)
    assert at.last().attempts[0].state == "void"
    assert at.last().closing.outcome == "failed"


def test_attempts_end_where_their_numbers_do():
    """An id has room for fifteen attempts; a provider configured for more must not end in an error of ours."""
    provider = Provider(name="p", format="openai", origin="https://p.test", retries=100)
    at = desk(*[NotSent("no route")] * 20, provider=provider)
    client = asyncio.run(at.call(chat()))
    assert client.status == 502
    assert len(at.upstream.sent) == 15
    assert at.last().closing.outcome == "failed"


def test_a_body_that_cannot_be_written_was_not_sent_and_is_free():
    at = desk()

    async def go():
        holding = await funded(at, chat())
        holding.plan.arrival.draft._body = None  # as if a fault of ours stood here
        await send(Funded(holding), at, ListeningClient())

    with pytest.raises(AttributeError):
        asyncio.run(go())
    assert at.spent() == (0, 0, 0)
    assert at.last().attempts[0].state == "void"
    assert at.last().closing.outcome == "failed"


def test_thinking_that_the_caller_put_above_its_own_cap_is_left_to_the_provider():
    """Interleaved thinking allows it, and without that the provider's own error names the caller's mistake: no budget
    is the reason."""
    at = desk(PreparedAnswer(400, [b'{"type":"error"}']))
    body = claude(max_tokens=500, thinking={"type": "enabled", "budget_tokens": 2_000})
    client = asyncio.run(at.call(body, dialect=MessagesDialect()))
    assert client.status == 400
    assert json.loads(at.upstream.sent[0].body) == body
    assert at.spent() == (0, 0, 0)


def test_thinking_is_lowered_under_a_cap_that_we_lowered():
    at = desk(claude_answer(), limit="0.01")
    body = claude(max_tokens=9_000, thinking={"type": "enabled", "budget_tokens": 8_000})
    holding, state = sending(at, body, MessagesDialect())
    assert isinstance(state, Answering)
    sent = json.loads(at.upstream.sent[0].body)
    assert sent["max_tokens"] == holding.reserved.cap < 9_000
    assert 1_024 <= sent["thinking"]["budget_tokens"] < sent["max_tokens"]


def test_a_budget_that_leaves_too_little_to_think_refuses_before_anything_is_held():
    at = desk(limit="0.004", floor=0)
    body = claude(max_tokens=9_000, thinking={"type": "enabled", "budget_tokens": 8_000})
    client = asyncio.run(at.call(body, dialect=MessagesDialect()))
    assert client.status == 402
    assert not at.upstream.sent
    assert at.last().attempts == ()


def test_a_provider_is_named_when_it_cannot_be_reached():
    at = desk(*[NotSent("no route")] * 3)
    client = asyncio.run(at.call(chat()))
    message = json.loads(client.text)["error"]["message"]
    assert OPENAI.name in message
    assert "nothing was charged" in message
