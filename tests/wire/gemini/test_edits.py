"""Edits of a Gemini body: a last word, a last call, less thinking, and the function that carries the answer."""

import json

from farthing.wire.gemini.edits import carrier, closing, hurried, saying
from support.gemini_wire import GET_ORDER, asked, call, model, result, user

FLASH = "gemini-2.5-flash"
SEARCH = {"googleSearch": {}}


def body(**fields):
    return json.loads(asked(**fields))


def declared(*names):
    return [{"functionDeclarations": [{"name": name} for name in names]}]


def calling(mode, *names):
    return {"functionCallingConfig": {"mode": mode, **({"allowedFunctionNames": list(names)} if names else {})}}


def test_a_word_joins_the_users_last_turn_and_what_is_before_stays():
    before = body(contents=[user("a"), model({"text": "b"}), user("c")])
    assert saying(before, "last")["contents"] == [*before["contents"][:2], user("c", "last")]
    assert before["contents"][2] == user("c")


def test_behind_results_a_word_is_a_turn_of_its_own():
    before = body(contents=[user("a"), model(call()), result()])
    assert saying(before, "last")["contents"] == [*before["contents"], user("last")]


def test_a_begun_answer_is_not_ours_to_end():
    before = body(contents=[user("a"), model({"text": "{"})])
    assert saying(before, "last") is before


def test_in_a_last_call_functions_are_there_and_not_callable():
    made = closing(body(tools=[GET_ORDER], toolConfig={"retrievalConfig": {}}), FLASH)
    assert made["tools"] == [GET_ORDER]
    assert made["toolConfig"] == {"retrievalConfig": {}, **calling("NONE")}
    assert made["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 0}


def test_in_a_last_call_only_the_carrier_stays_callable():
    made = closing(body(tools=declared("look", "final_result"), toolConfig=calling("ANY")), FLASH)
    assert made["toolConfig"] == calling("ANY", "final_result")


def test_tools_that_run_at_google_are_gone_from_a_last_call():
    assert "tools" not in closing(body(tools=[SEARCH]), FLASH)
    made = closing(body(tools=[{**GET_ORDER, **SEARCH}, {"codeExecution": {}}]), FLASH)
    assert made["tools"] == [GET_ORDER]


def test_a_body_without_tools_only_thinks_less():
    before = body()
    assert closing(before, "gemini-2.0-flash") == before


def test_less_thinking_is_what_the_model_accepts_and_no_edit_where_it_is_that_already():
    before = body(generationConfig={"thinkingConfig": {"thinkingLevel": "LOW"}})
    assert hurried(before, "gemini-3-pro-preview") is before
    made = hurried(body(generationConfig={"thinkingConfig": {"thinkingBudget": 9000}}), "gemini-2.5-pro")
    assert made["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 128}


def test_a_forced_function_carries_the_answer():
    assert carrier(body(tools=declared("a", "b"), toolConfig=calling("ANY", "b"))) == "b"
    assert carrier(body(tools=declared("a", "b"), toolConfig=calling("AUTO"))) == ""
    assert carrier(body(tools=declared("a", "final_answer"))) == "final_answer"
    assert carrier(body()) == ""


def test_where_some_function_must_be_called_the_one_that_ends_the_loop_carries_the_answer():
    looped = [user("a"), model(call("look")), result("look")]
    assert carrier(body(contents=looped, tools=declared("look", "Answer"), toolConfig=calling("ANY"))) == "Answer"
    allowed = calling("ANY", "look", "Answer")
    assert carrier(body(contents=looped, tools=declared("other", "look", "Answer"), toolConfig=allowed)) == "Answer"
