"""The Gemini dialect: bodies in and out, whole answers, token counts."""

import json

import pytest

from farthing.domain.errors import BadRequest
from farthing.domain.usage import Usage
from farthing.wire.dialect import Countable, Dialect, Draft
from farthing.wire.gemini.generate import GenerateDialect, counted
from support.gemini_wire import ORDER, asked, candidate, compact, counts, message, model, user, whole

FLASH = "gemini-2.5-flash"
GEMINI = GenerateDialect(FLASH)


def sent(body: bytes, *, model=FLASH, cap=None) -> dict:
    return json.loads(GEMINI.read(body).outbound(model=model, cap=cap))


def test_it_is_a_dialect_of_one_address():
    dialect: Dialect = GenerateDialect(FLASH, stream=True)
    draft: Draft = dialect.read(asked())
    assert (dialect.name, dialect.format) == ("gemini", "gemini")
    assert (draft.asked.model, draft.asked.stream, draft.asked.cap) == (FLASH, True, 1024)
    assert not GEMINI.read(asked()).asked.stream


def test_a_body_that_needs_no_edit_goes_out_byte_for_byte():
    body = asked(systemInstruction=model({"text": "Répondez."}))
    assert GEMINI.read(body).outbound(model="gemini-2.5-pro", cap=1024) is body
    assert GEMINI.read(body).outbound(model=FLASH, cap=None) is body


def test_a_body_in_another_spelling_goes_out_in_one():
    body = compact({"contents": user("a_b"), "generation_config": {"max_output_tokens": 9, "stop_sequences": ["x_y"]}})
    assert GEMINI.read(body).asked.cap == 9
    assert sent(body, cap=9) == {
        "contents": [user("a_b")],
        "generationConfig": {"maxOutputTokens": 9, "stopSequences": ["x_y"]},
    }


def test_a_missing_cap_is_added_and_the_order_of_keys_stays():
    body = compact({"generationConfig": {"topP": 0.5}, "contents": [user("x")]})
    out = GEMINI.read(body).outbound(model=FLASH, cap=8192)
    assert out == compact({"generationConfig": {"topP": 0.5, "maxOutputTokens": 8192}, "contents": [user("x")]})
    assert sent(asked(generationConfig=None), cap=8192)["generationConfig"] == {"maxOutputTokens": 8192}


def test_exactly_one_cap_goes_out_whatever_was_asked():
    assert sent(asked(), cap=300)["generationConfig"]["maxOutputTokens"] == 300


def test_a_model_in_the_body_follows_the_address_and_the_model_that_is_sent():
    body = asked(model=f"models/{FLASH}")
    assert sent(body, model="gemini-2.5-flash-lite")["model"] == "models/gemini-2.5-flash-lite"
    with pytest.raises(BadRequest) as refused:
        GEMINI.read(asked(model="models/gemini-2.5-pro"))
    assert refused.value.field == "model"


@pytest.mark.parametrize(
    ("name", "cap", "budget"),
    [(FLASH, 8192, 8000), (FLASH, 8000, 7744), (FLASH, 300, 150), ("gemini-2.5-pro", 200, 128), ("gemini-2.5-flash-lite", 600, 0)],
)  # fmt: skip
def test_a_thinking_budget_is_lowered_under_a_cap_of_ours_to_what_the_model_accepts(name, cap, budget):
    config = {"maxOutputTokens": 16000, "thinkingConfig": {"thinkingBudget": 8000, "includeThoughts": True}}
    made = sent(asked(generationConfig=config), model=name, cap=cap)["generationConfig"]
    assert made["thinkingConfig"] == {"thinkingBudget": budget, "includeThoughts": True}
    assert made["maxOutputTokens"] == cap


def test_a_callers_own_cap_leaves_thinking_as_it_is():
    config = {"maxOutputTokens": 500, "thinkingConfig": {"thinkingBudget": 8000}}
    assert sent(asked(generationConfig=config), cap=500)["generationConfig"] == config


def test_under_a_small_cap_of_ours_a_model_that_thinks_as_it_likes_thinks_as_little_as_it_can():
    assert sent(asked(), cap=500)["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 0}
    newer = sent(asked(), model="gemini-3-pro-preview", cap=500)
    assert newer["generationConfig"]["thinkingConfig"] == {"thinkingLevel": "low"}
    assert "thinkingConfig" not in sent(asked(), model="gemini-2.0-flash", cap=500)["generationConfig"]
    assert "thinkingConfig" not in sent(asked(), cap=4000)["generationConfig"]


def test_the_same_draft_can_be_sent_twice():
    draft = GEMINI.read(asked())
    assert json.loads(draft.outbound(model=FLASH, cap=300))["generationConfig"]["maxOutputTokens"] == 300
    assert json.loads(draft.outbound(model=FLASH, cap=900))["generationConfig"]["maxOutputTokens"] == 900


def test_a_whole_answer_is_read():
    answered = GEMINI.answered(whole())
    assert answered.usage == Usage(
        input_tokens=1321, output_tokens=50, cache_read_input_tokens=1000, reasoning_output_tokens=20
    )
    assert (answered.id, answered.model, answered.finish) == ("mAitaLmkHPPlz7IP", FLASH, "STOP")
    assert (answered.failed, answered.flaw, answered.tier) == ("", "", "")


def test_an_answer_cut_in_one_candidate_was_cut():
    body = compact(
        message(candidate({"text": "a"}, finish="STOP"), candidate({"text": "b"}, finish="MAX_TOKENS", index=1))
    )
    assert GEMINI.answered(body).finish == "MAX_TOKENS"


def test_a_blocked_prompt_has_input_only():
    blocked = message(usage={"promptTokenCount": 9, "totalTokenCount": 9}, promptFeedback={"blockReason": "SAFETY"})
    answered = GEMINI.answered(compact(blocked))
    assert (answered.usage, answered.finish) == (Usage(input_tokens=9), "SAFETY")


def test_an_answer_without_usage_says_nothing_about_cost():
    answered = GEMINI.answered(whole(usage=None))
    assert (answered.usage, answered.flaw) == (None, "")


def test_r38_an_answer_with_content_and_no_output_tokens_is_not_believed():
    answered = GEMINI.answered(whole(usage={"promptTokenCount": 10, "totalTokenCount": 10}))
    assert (answered.usage, answered.flaw) == (None, "usageMetadata says zero output tokens beside output")


def test_searches_are_on_the_bill_as_the_models_generation_bills_them():
    grounded = candidate({"text": "a"}, finish="STOP", groundingMetadata={"webSearchQueries": ["x", "y"]})
    assert GEMINI.answered(compact(message(grounded))).usage.web_search_requests == 1
    newer = compact(message(grounded) | {"modelVersion": "gemini-3-flash-preview"})
    assert GEMINI.answered(newer).usage.web_search_requests == 2


def test_a_200_that_is_an_error_failed():
    answered = GEMINI.answered(b'{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}')
    assert (answered.failed, answered.usage) == ("UNAVAILABLE", None)


@pytest.mark.parametrize("usage", [{"promptTokenCount": "5"}, {"promptTokenCount": True}, [], 5])
def test_usage_of_the_wrong_type_is_a_flaw_and_the_rest_is_still_read(usage):
    answered = GEMINI.answered(whole(usage=usage))
    assert answered.usage is None
    assert "usageMetadata" in answered.flaw
    assert answered.id == "mAitaLmkHPPlz7IP"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"candidates":5}', b'{"x":' + b"[" * 5000, b'{"responseId":"\xff"}']
)
def test_an_answer_that_is_no_answer_never_raises(body):
    answered = GEMINI.answered(body)
    assert answered.usage is None
    assert answered.flaw


def test_a_count_is_asked_for_the_whole_request_below_the_same_version():
    draft = GEMINI.read(
        asked(
            systemInstruction=model({"text": "s"}),
            tools=[{"functionDeclarations": [{"name": "f", "parameters": ORDER}]}],
        )
    )
    assert isinstance(draft, Countable)
    where, body = draft.count_request(model="gemini-2.5-pro", path="/v1beta/models/{model}:streamGenerateContent")
    assert where == "/v1beta/models/gemini-2.5-pro:countTokens"
    assert list(json.loads(body)) == ["generateContentRequest"]
    inner = json.loads(body)["generateContentRequest"]
    assert inner["model"] == "models/gemini-2.5-pro"
    assert {"systemInstruction", "tools", "contents"} <= set(inner)
    assert draft.counted(b'{"totalTokens": 31}') == 31


@pytest.mark.parametrize(
    ("body", "tokens"),
    [(b'{"totalTokens": 2095}', 2095), (b'{"totalTokens": "x"}', None), (b"{}", None), (b"oops", None)],
)
def test_a_count_is_read_or_nothing(body, tokens):
    assert counted(body) == tokens


def test_a_copy_that_says_something_is_bounded_with_it():
    draft = GEMINI.read(asked())
    said = draft.saying("This is your last turn.")
    assert said.asked.text_bytes == draft.asked.text_bytes + len("This is your last turn.")
    assert (said.asked.model, said.asked.stream) == (FLASH, False)
    prefilled = GEMINI.read(asked(contents=[user("a"), model({"text": "{"})]))
    assert prefilled.saying("x") is prefilled


def test_what_a_stream_says_is_read_by_a_reader_of_this_model():
    stream = GenerateDialect("gemini-3-flash-preview", stream=True).read(asked()).stream()
    chunk = message(
        candidate({"text": "a"}, finish="STOP", groundingMetadata={"webSearchQueries": ["x", "y"]}), usage=counts(1)
    )
    chunk.pop("modelVersion")
    stream.feed(b"data: " + compact(chunk) + b"\n\n")
    stream.close()
    assert stream.answered().usage.web_search_requests == 2
