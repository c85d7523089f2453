"""Chat Completions: a body is edited in place and nothing else moves; a whole answer says what it cost."""

import json

import pytest

from farthing.domain.errors import BadRequest
from farthing.domain.usage import Usage
from farthing.wire.openai.chat import ChatDialect

CHAT = ChatDialect()
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_741_569_952,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello!", "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 19,
        "completion_tokens": 10,
        "total_tokens": 29,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    },
    "service_tier": "default",
    "system_fingerprint": "fp_1",
}


def raw(model: str = "gpt-4o-mini", **more: object) -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
    return json.dumps(body, separators=(",", ":")).encode()


def sent(body: bytes, *, model: str = "gpt-4o-mini", cap: int | None = None) -> bytes:
    return CHAT.read(body).outbound(model=model, cap=cap)


def answered(**changes: object):
    return CHAT.answered(json.dumps({**ANSWER, **changes}).encode())


def test_a_body_that_needs_no_edit_is_sent_as_it_came() -> None:
    body = raw(temperature=0, max_tokens=100, user="é")
    assert sent(raw(max_tokens=100), cap=100) == raw(max_tokens=100)
    assert json.loads(sent(body, cap=100)) == json.loads(body)
    streamed = raw(stream=True, max_tokens=9, stream_options={"include_usage": True})
    assert sent(streamed, cap=9) == streamed
    assert sent(streamed) == streamed


def test_a_body_that_is_not_canonical_is_written_again_from_what_was_read() -> None:
    spaced = b'{ "max_tokens" : 5, "model" : "gpt-4o-mini", "messages" : [ {"role":"user","content":"\\u0068i"} ] }'
    assert sent(spaced, cap=5) == b'{"max_tokens":5,"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}'


def test_the_cap_stays_in_the_callers_own_field_and_place() -> None:
    body = b'{"max_tokens":100,"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"seed":1}'
    assert sent(body, cap=50) == body.replace(b"100", b"50")
    newer = body.replace(b"max_tokens", b"max_completion_tokens")
    assert sent(newer, model="llama-3", cap=50) == newer.replace(b"100", b"50").replace(b"gpt-4o-mini", b"llama-3")


def test_r58_exactly_one_cap_goes_out() -> None:
    both = b'{"max_tokens":100,"max_completion_tokens":100,"model":"gpt-4","messages":[{"role":"user","content":"hi"}]}'
    for cap in (None, 100, 50):
        out = json.loads(sent(both, model="gpt-4", cap=cap))
        assert [key for key in out if key.startswith("max_")] == ["max_tokens"]
        assert out["max_tokens"] == (cap or 100)
    nulls = b'{"max_tokens":null,"max_completion_tokens":null,"model":"o3","messages":[{"role":"user","content":"hi"}]}'
    out = json.loads(sent(nulls, model="o3", cap=7_000))
    assert list(out) == ["max_completion_tokens", "model", "messages"]
    assert sent(nulls, model="o3") == nulls
    with pytest.raises(BadRequest):
        CHAT.read(both.replace(b"100", b"99", 1))


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("gpt-4o", "max_completion_tokens"),
        ("o3", "max_completion_tokens"),
        ("gpt-4", "max_tokens"),
        ("mistral-large", "max_tokens"),
    ],
)
def test_a_cap_that_we_set_goes_into_the_field_the_model_accepts(model: str, field: str) -> None:
    out = json.loads(sent(raw(model), model=model, cap=8_192))
    assert list(out) == ["model", "messages", field]
    assert out[field] == 8_192


def test_a_reasoning_model_gets_the_old_field_renamed_in_place() -> None:
    body = b'{"max_tokens":100,"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}'
    assert sent(body, model="gpt-5", cap=100) == body.replace(b"max_tokens", b"max_completion_tokens")


def test_another_model_replaces_only_the_name() -> None:
    assert sent(raw(temperature=0), model="gpt-4.1") == raw("gpt-4.1", temperature=0)


def test_a_draft_can_be_sent_again_for_another_model_and_cap() -> None:
    draft = CHAT.read(raw(stream=True))
    first = draft.outbound(model="gpt-4o", cap=10)
    assert json.loads(first)["max_completion_tokens"] == 10
    assert json.loads(draft.outbound(model="mistral", cap=20))["max_tokens"] == 20
    assert draft.outbound(model="gpt-4o", cap=10) == first
    assert draft.outbound(model="gpt-4o-mini", cap=None) == raw(stream=True, stream_options={"include_usage": True})


def test_r36_usage_is_asked_for_when_a_stream_does_not() -> None:
    asked = json.loads(sent(raw(stream=True, stream_options={"include_obfuscation": False}, seed=1)))
    assert asked["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert list(asked) == ["model", "messages", "stream", "stream_options", "seed"]
    refusing = raw(stream=True, stream_options={"include_usage": False})
    assert json.loads(sent(refusing))["stream_options"] == {"include_usage": True}
    assert json.loads(sent(raw(stream=True, stream_options=None)))["stream_options"] == {"include_usage": True}
    assert b"stream_options" not in sent(raw(), cap=5)


def test_a_reasoning_budget_is_lowered_to_fit_under_the_cap() -> None:
    body = raw("anthropic/claude", reasoning={"max_tokens": 4_000, "exclude": True}, max_tokens=8_000)
    assert json.loads(sent(body, model="anthropic/claude", cap=2_000))["reasoning"] == {
        "max_tokens": 1_744,
        "exclude": True,
    }
    assert sent(body, model="anthropic/claude", cap=8_000) == body


def test_a_whole_answer_says_who_answered_and_what_it_cost() -> None:
    found = answered()
    assert found.usage == Usage(input_tokens=19, output_tokens=10)
    assert (found.model, found.id, found.finish) == ("gpt-4o-mini-2024-07-18", "chatcmpl-1", "stop")
    assert (found.tier, found.flaw, found.failed, found.pending) == ("", "", "", False)


def test_r53_cached_tokens_of_a_whole_answer_stay_inside_its_input() -> None:
    usage = {**ANSWER["usage"], "prompt_tokens": 2006, "prompt_tokens_details": {"cached_tokens": 1920}}
    assert answered(usage=usage).usage == Usage(input_tokens=2006, output_tokens=10, cache_read_input_tokens=1920)


@pytest.mark.parametrize("missing", [{}, {"usage": None}])
def test_missing_usage_is_none_and_no_flaw(missing: dict) -> None:
    body = {key: value for key, value in ANSWER.items() if key != "usage"} | missing
    found = CHAT.answered(json.dumps(body).encode())
    assert (found.usage, found.flaw) == (None, "")
    assert found.id == "chatcmpl-1"


def test_r38_zeros_beside_content_are_not_a_measurement() -> None:
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert answered(usage=zeros).usage is None
    assert "zero" in answered(usage=zeros).flaw
    assert answered(usage={**zeros, "prompt_tokens": 5}).usage is None
    silent = [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}]
    assert answered(usage={**zeros, "prompt_tokens": 5}, choices=silent).usage == Usage(input_tokens=5)


def test_odd_choices_do_not_lose_the_usage() -> None:
    for odd in ("x", [1], [{"finish_reason": 3}], None, {}):
        assert answered(choices=odd).usage == Usage(input_tokens=19, output_tokens=10)


def test_text_that_is_not_utf8_does_not_lose_the_usage() -> None:
    body = json.dumps(ANSWER).encode().replace(b"Hello!", b"\xff")
    assert CHAT.answered(body).usage == Usage(input_tokens=19, output_tokens=10)


def test_any_choice_cut_by_the_cap_is_told() -> None:
    choices = [{"finish_reason": "stop"}, {"finish_reason": "length"}, {"finish_reason": None}]
    assert answered(choices=choices).finish == "length"
    assert answered(choices=[{"finish_reason": None}, {"finish_reason": "tool_calls"}]).finish == "tool_calls"


def test_a_200_with_an_error_is_a_failure() -> None:
    found = CHAT.answered(b'{"error":{"message":"secret","type":"overloaded_error","code":529}}')
    assert (found.failed, found.usage) == ("overloaded_error", None)
    assert answered(error=None).failed == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b'{"usage":', b"\xff\xfe", b'{"id":"\xff"}'])
def test_what_is_no_answer_has_a_flaw_and_no_usage(body: bytes) -> None:
    found = CHAT.answered(body)
    assert found.usage is None
    assert "cannot be read" in found.flaw


def test_the_served_tier_is_the_billed_one() -> None:
    assert answered(service_tier="priority").tier == "priority"
    assert answered(service_tier=None).tier == ""


def test_errors_are_in_openais_form() -> None:
    assert json.loads(CHAT.error(status=400, message="no", field="n"))["error"]["param"] == "n"
    assert CHAT.stream_error(message="no", code="x").startswith(b'data: {"error"')
    assert (CHAT.name, CHAT.format) == ("openai-chat", "openai")


@pytest.mark.parametrize(
    ("more", "tokens"),
    [
        ({}, 3 + 3),
        ({"messages": [{"role": "user", "content": "hi", "name": "ada"}, {"role": "user", "content": "x"}]}, 3 + 4 + 3),
        ({"temperature": 0, "tools": [], "response_format": None}, 3 + 3),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, None),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, None),
        ({"messages": [{"role": "user", "content": "hi", "refusal": "no"}]}, None),
        ({"model": "llama-3"}, None),
        ({"model": "gpt-5"}, None),
    ],
)
def test_the_template_of_a_plain_chat_is_known_to_the_token(more: dict, tokens: int | None) -> None:
    assert CHAT.read(raw(**more)).template_tokens() == tokens


@pytest.mark.parametrize(("cap", "effort"), [(500, "low"), (4_000, "high")])
def test_under_a_small_cap_of_ours_a_model_reasons_little(cap: int, effort: str) -> None:
    out = json.loads(sent(raw("gpt-5", reasoning_effort="high", max_completion_tokens=9_000), model="gpt-5", cap=cap))
    assert (out["reasoning_effort"], out["max_completion_tokens"]) == (effort, cap)


def test_a_small_cap_of_the_callers_own_changes_nothing_else() -> None:
    own = raw("gpt-5", reasoning_effort="high", max_completion_tokens=500)
    assert sent(own, model="gpt-5", cap=500) == own


@pytest.mark.parametrize("model", ["gpt-4o-mini", "o3-mini", "llama-3"])
@pytest.mark.parametrize("older", [{}, {"max_tokens": None}, {"max_tokens": 100}])
@pytest.mark.parametrize("newer", [{}, {"max_completion_tokens": None}, {"max_completion_tokens": 100}])
@pytest.mark.parametrize("more", [{}, {"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}])
def test_whatever_stands_in_a_body_its_cap_goes_out_once_in_a_field_that_the_model_takes(
    model: str, older: dict, newer: dict, more: dict
) -> None:
    body = {"model": model, "messages": [{"role": "user", "content": "x"}], **older, **newer, **more}
    draft = ChatDialect().read(json.dumps(body).encode())
    sent = json.loads(draft.outbound(model=model, cap=100))
    caps = {field: sent[field] for field in ("max_tokens", "max_completion_tokens") if sent.get(field) is not None}
    assert list(caps.values()) == [100]
    assert "max_tokens" not in caps or model != "o3-mini"
    assert not sent.get("stream") or sent["stream_options"]["include_usage"]
    untouched = ("model", "messages", "stream")
    assert [sent.get(field) for field in untouched] == [body.get(field) for field in untouched]
