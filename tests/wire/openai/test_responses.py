"""The Responses dialect: bodies in and out; and the real client on both sides of it."""

import json

import httpx2
import openai
import pytest

from farthing.wire.dialect import Dialect, Draft, Note
from farthing.wire.openai.responses import ResponsesDialect
from support.messages_wire import compact, data_in
from support.responses_wire import CODEX, COMPLETED, OPENING, asked, whole

RESPONSES = ResponsesDialect()


def test_it_is_a_dialect():
    dialect: Dialect = RESPONSES
    draft: Draft = dialect.read(asked())
    assert (dialect.name, dialect.format) == ("openai-responses", "openai")
    assert draft.asked.model == "gpt-5.2"


def test_a_body_that_needs_no_edit_goes_out_byte_for_byte():
    body = asked(instructions="Répondez.", store=False)
    assert RESPONSES.read(body).outbound(model="gpt-5.2", cap=1024) is body
    assert RESPONSES.read(body).outbound(model="gpt-5.2", cap=None) is body


def test_edits_keep_the_order_of_keys_and_a_missing_cap_is_added_at_the_end():
    sent = json.loads(RESPONSES.read(compact(CODEX)).outbound(model="gpt-5.2", cap=32000))
    assert sent == {**CODEX, "model": "gpt-5.2", "max_output_tokens": 32000}
    assert list(sent) == [*CODEX, "max_output_tokens"]


def test_a_cap_is_lowered_where_it_stands():
    body = compact({"input": "x", "max_output_tokens": 9000, "model": "a"})
    assert RESPONSES.read(body).outbound(model="b", cap=300) == compact(
        {"input": "x", "max_output_tokens": 300, "model": "b"}
    )


def test_the_same_draft_can_be_sent_twice():
    draft = RESPONSES.read(asked())
    assert json.loads(draft.outbound(model="a", cap=1))["model"] == "a"
    assert json.loads(draft.outbound(model="gpt-5.2", cap=1024)) == json.loads(asked())


def client(answer: bytes, requests: list[bytes]) -> openai.OpenAI:
    """The real client, answered by values."""

    def reply(request: httpx2.Request) -> httpx2.Response:
        requests.append(request.content)
        kind = "text/event-stream" if answer.startswith(b"event:") else "application/json"
        return httpx2.Response(200, headers={"content-type": kind}, content=answer)

    return openai.OpenAI(api_key="k", max_retries=0, http_client=httpx2.Client(transport=httpx2.MockTransport(reply)))


def test_what_the_real_client_sends_is_understood_and_what_we_send_back_is_understood_by_it():
    requests: list[bytes] = []
    answer = client(whole(), requests).responses.create(
        model="gpt-5.2",
        input=[{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
        instructions="Be brief.",
        max_output_tokens=500,
        reasoning={"effort": "low"},
        tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
        previous_response_id="resp_1",
        metadata={"team": "a"},
        service_tier="flex",
    )
    draft = RESPONSES.read(requests[0])
    assert (draft.asked.cap, draft.asked.tier, draft.asked.reasons) == (500, "flex", True)
    assert draft.asked.pointers == ("previous_response_id",)
    assert draft.asked.attribution == (("tag.team", "a"),)
    assert draft.outbound(model="gpt-5.2", cap=500) is requests[0]
    ours = RESPONSES.answered(whole()).usage
    assert (ours.input_tokens, ours.output_tokens) == (answer.usage.input_tokens, answer.usage.output_tokens)
    assert ours.cache_read_input_tokens == answer.usage.input_tokens_details.cached_tokens


def test_a_stream_with_our_note_is_still_understood_by_the_real_client():
    reader = RESPONSES.read(asked(stream=True)).stream()
    out = b"".join(map(reader.feed, (*OPENING, COMPLETED)))
    out += reader.finish(Note(call_id="call_1", cost_usd="0.5", remaining_usd=None))
    assert data_in(out, "response.completed")["farthing"]["cost_usd"] == "0.5"
    events = list(client(out, []).responses.create(model="m", input="x", stream=True))
    assert [event.type for event in events] == [
        json.loads(each.partition(b"\ndata: ")[2])["type"] for each in (*OPENING, COMPLETED)
    ]
    assert events[-1].response.output_text == "Hello, wörld"
    assert events[-1].response.usage.output_tokens == reader.answered().usage.output_tokens


def test_the_real_client_raises_the_error_that_ends_a_stream():
    out = b"".join(OPENING) + RESPONSES.stream_error(
        message="the stream went past its output cap", code="output_cap_passed"
    )
    with pytest.raises(openai.APIError, match="past its output cap"):
        list(client(out, []).responses.create(model="m", input="x", stream=True))


def test_under_a_small_cap_of_ours_a_model_reasons_little_and_under_its_callers_own_as_it_was_told() -> None:
    def effort(asked_cap: int, cap: int) -> str:
        body = {"model": "gpt-5", "input": "x", "reasoning": {"effort": "high"}, "max_output_tokens": asked_cap}
        return str(
            json.loads(RESPONSES.read(json.dumps(body).encode()).outbound(model="gpt-5", cap=cap))["reasoning"][
                "effort"
            ]
        )

    assert (effort(9_000, 500), effort(9_000, 4_000), effort(500, 500)) == ("low", "high", "high")


def test_the_smallest_cap_that_the_provider_accepts_is_said() -> None:
    assert RESPONSES.read(b'{"model":"m","input":"x"}').asked.smallest_cap == 16
