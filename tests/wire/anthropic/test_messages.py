"""The Messages dialect: bodies in and out, whole answers, token counts; and the real client on both sides of it."""

import json

import anthropic
import httpx2
import pytest

from farthing.domain.errors import BadRequest
from farthing.domain.usage import Usage
from farthing.wire.anthropic.messages import MessagesDialect, counted
from farthing.wire.dialect import Dialect, Draft, Note
from support.messages_wire import ENDING, OPENING, asked, compact, data_in, whole

MESSAGES = MessagesDialect()
THINKING = {"type": "enabled", "budget_tokens": 8000}


def sent(body: bytes, *, model="claude-sonnet-4-6", cap=None) -> dict:
    return json.loads(MESSAGES.read(body).outbound(model=model, cap=cap))


def test_it_is_a_dialect():
    dialect: Dialect = MESSAGES
    draft: Draft = dialect.read(asked())
    assert (dialect.name, dialect.format) == ("anthropic-messages", "anthropic")
    assert draft.asked.model == "claude-sonnet-4-6"


def test_a_body_that_needs_no_edit_goes_out_byte_for_byte():
    body = asked(system="Répondez.", metadata={"user_id": "u"}, betas=None)
    assert MESSAGES.read(body).outbound(model="claude-sonnet-4-6", cap=1024) is body
    assert MESSAGES.read(body).outbound(model="claude-sonnet-4-6", cap=None) is body


def test_a_body_with_spaces_goes_out_as_it_was_understood():
    body = b'{ "model": "m", "max_tokens": 5, "messages": [ {"role": "user", "content": "\\u0068i"} ] }'
    out = MESSAGES.read(body).outbound(model="m", cap=5)
    assert out == b'{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}'


def test_edits_keep_the_order_of_keys():
    body = compact({"messages": [{"content": "x", "role": "user"}], "max_tokens": 9000, "stream": True, "model": "a"})
    out = MESSAGES.read(body).outbound(model="b", cap=300)
    assert out == compact(
        {"messages": [{"content": "x", "role": "user"}], "max_tokens": 300, "stream": True, "model": "b"}
    )


def test_a_missing_cap_is_added():
    assert sent(asked(max_tokens=None), cap=8192)["max_tokens"] == 8192


def test_the_same_draft_can_be_sent_twice():
    draft = MESSAGES.read(asked(thinking=THINKING, max_tokens=16000))
    first = json.loads(draft.outbound(model="a", cap=2000))
    second = json.loads(draft.outbound(model="b", cap=16000))
    assert (first["thinking"]["budget_tokens"], second["thinking"]["budget_tokens"]) == (1744, 8000)


@pytest.mark.parametrize(
    ("cap", "budget"), [(16000, 8000), (8001, 8000), (8000, 7744), (1500, 1244), (1200, 1024), (1025, 1024)]
)
def test_a_thinking_budget_is_lowered_until_it_fits_under_the_cap(cap, budget):
    thinking = sent(asked(thinking={**THINKING, "display": "omitted"}, max_tokens=16000), cap=cap)["thinking"]
    assert thinking == {"type": "enabled", "budget_tokens": budget, "display": "omitted"}


def test_a_cap_too_small_for_any_thinking_is_refused_by_name():
    draft = MESSAGES.read(asked(thinking=THINKING, max_tokens=16000))
    with pytest.raises(BadRequest) as refused:
        draft.outbound(model="m", cap=1024)
    assert refused.value.field == "thinking.budget_tokens"
    assert "1024" in refused.value.message


def test_a_whole_answer_is_read():
    answered = MESSAGES.answered(whole())
    assert answered.usage.input_tokens == 1321
    assert answered.usage.output_tokens == 45
    assert (answered.id, answered.model) == ("msg_013Zva2CMHLNnXjNJJKqJ2EF", "claude-sonnet-4-6-20260217")
    assert (answered.finish, answered.tier, answered.failed, answered.flaw) == ("end_turn", "", "", "")


def test_an_answer_without_usage_says_nothing_about_cost():
    answered = MESSAGES.answered(whole(usage=None))
    assert (answered.usage, answered.flaw) == (None, "")


def test_r38_an_answer_with_content_and_no_output_tokens_is_not_believed():
    zero = {"input_tokens": 10, "output_tokens": 0}
    assert MESSAGES.answered(whole(usage=zero)).usage is None
    assert MESSAGES.answered(whole(usage=zero, content=[])).usage == Usage(input_tokens=10)


def test_a_200_that_is_an_error_failed():
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    answered = MESSAGES.answered(body)
    assert (answered.failed, answered.usage) == ("overloaded_error", None)


@pytest.mark.parametrize(
    "usage", [{"input_tokens": "5", "output_tokens": 1}, {"input_tokens": True, "output_tokens": 1}, [], 5]
)
def test_usage_of_the_wrong_type_is_a_flaw_and_the_rest_is_still_read(usage):
    answered = MESSAGES.answered(whole(usage=usage))
    assert answered.usage is None
    assert "usage" in answered.flaw
    assert answered.id == "msg_013Zva2CMHLNnXjNJJKqJ2EF"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id":5}', b'{"content":' + b"[" * 5000, b'{"id":"\xff"}'])
def test_an_answer_that_is_no_answer_never_raises(body):
    answered = MESSAGES.answered(body)
    assert answered.usage is None
    assert answered.flaw


def test_a_count_request_has_only_what_counting_accepts_in_the_order_of_the_body():
    body = asked(system="s", stream=True, metadata={"user_id": "u"}, tools=[], thinking=THINKING, temperature=0.5)
    count = MESSAGES.read(body).count_body(model="claude-opus-4-6")
    assert list(json.loads(count)) == ["model", "messages", "system", "tools", "thinking"]
    assert json.loads(count)["model"] == "claude-opus-4-6"


def test_a_client_may_ask_for_a_count_itself():
    assert MESSAGES.read(asked(max_tokens=None)).asked.cap is None


@pytest.mark.parametrize(("body", "tokens"), [
    (b'{"input_tokens": 2095}', 2095), (b'{"input_tokens": "x"}', None), (b"{}", None), (b"oops", None),
    (b'{"type":"error"}', None),
])  # fmt: skip
def test_a_count_is_read_or_nothing(body, tokens):
    assert counted(body) == tokens


def client(answer, requests: list[bytes]) -> anthropic.Anthropic:
    """The real client, answered by values."""

    def reply(request: httpx2.Request) -> httpx2.Response:
        requests.append(request.content)
        kind = "text/event-stream" if answer.startswith(b"event:") else "application/json"
        return httpx2.Response(200, headers={"content-type": kind}, content=answer)

    transport = httpx2.MockTransport(reply)
    return anthropic.Anthropic(api_key="k", max_retries=0, http_client=httpx2.Client(transport=transport))


def test_what_the_real_client_sends_is_understood_and_what_we_send_back_is_understood_by_it():
    requests: list[bytes] = []
    answer = client(whole(), requests).messages.create(
        model="claude-sonnet-4-6",
        max_tokens=500,
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        messages=[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        tools=[{"name": "get_weather", "description": "d", "input_schema": {"type": "object", "properties": {}}}],
        metadata={"user_id": "u-1"},
        thinking={"type": "disabled"},
    )
    draft = MESSAGES.read(requests[0])
    assert draft.asked.cap == 500
    assert draft.asked.cache_ttl == "1h"
    assert draft.asked.attribution == (("user", "u-1"),)
    assert draft.outbound(model="claude-sonnet-4-6", cap=500) is requests[0]
    ours = MESSAGES.answered(whole()).usage
    theirs = answer.usage
    assert (
        ours.input_tokens == theirs.input_tokens + theirs.cache_creation_input_tokens + theirs.cache_read_input_tokens
    )
    assert ours.output_tokens == theirs.output_tokens


def test_a_stream_with_our_note_is_still_understood_by_the_real_client():
    reader = MESSAGES.read(asked(stream=True)).stream()
    out = b"".join(map(reader.feed, (*OPENING, *ENDING)))
    out += reader.finish(Note(call_id="call_1", cost_usd="0.5", remaining_usd="1.5"))
    assert data_in(out, "message_delta")["farthing"]["cost_usd"] == "0.5"
    ask = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    with client(out, []).messages.stream(**ask) as stream:
        message = stream.get_final_message()
    assert message.content[0].text == "Hello, wörld"
    assert message.usage.output_tokens == reader.answered().usage.output_tokens


def test_the_real_client_raises_the_error_that_ends_a_stream():
    out = b"".join(OPENING) + MESSAGES.stream_error(
        message="the stream went past its output cap", code="output_cap_passed"
    )
    ask = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    with (
        pytest.raises(anthropic.APIStatusError, match="past its output cap"),
        client(out, []).messages.stream(**ask) as stream,
    ):
        stream.get_final_message()


def test_thinking_without_a_budget_is_off_under_a_small_cap_of_ours_only():
    adaptive = asked(thinking={"type": "adaptive"}, max_tokens=9_000)
    assert sent(adaptive, cap=500)["thinking"] == {"type": "disabled"}
    assert sent(adaptive, cap=4_000)["thinking"] == {"type": "adaptive"}
    assert sent(asked(thinking={"type": "adaptive"}, max_tokens=500), cap=500)["thinking"] == {"type": "adaptive"}
    assert "thinking" not in sent(asked(max_tokens=9_000), cap=500)
