"""Edits of a Responses body: what stands before our text stays, and a last call can only answer."""

import json

from farthing.wire.openai.responses import ResponsesDialect
from support.simulated import responses_tool

SEARCH, RESULT = responses_tool("search", "q"), responses_tool("final_result", "answer")
OURS = {"role": "developer", "content": "Hurry."}


def draft(**fields):
    return ResponsesDialect().read(json.dumps({"model": "gpt-4o", "input": "Find it.", **fields}).encode())


def sent(edited):
    return json.loads(edited.outbound(model=edited.asked.model, cap=None))


def test_our_text_is_the_last_item_of_a_list():
    items = [{"role": "user", "content": "Find it."}]
    assert sent(draft(input=items).saying("Hurry."))["input"] == [*items, OURS]


def test_a_plain_string_becomes_the_message_that_it_stands_for():
    assert sent(draft().saying("Hurry."))["input"] == [{"role": "user", "content": "Find it."}, OURS]


def test_a_body_whose_input_is_all_stored_elsewhere_is_left_alone():
    one = draft(input=None, prompt={"id": "pmpt_1"})
    assert one.saying("Hurry.") is one


def test_what_is_added_is_counted():
    one = draft()
    assert one.saying("Hurry.").asked.text_bytes == one.asked.text_bytes + len("Hurry.")


def test_the_tools_stay_in_the_body_and_none_can_be_called():
    closed = sent(draft(tools=[SEARCH]).closing())
    assert (closed["tools"], closed["tool_choice"]) == ([SEARCH], "none")
    assert "tool_choice" not in sent(draft().closing())


def test_the_tool_that_carries_the_answer_is_the_one_that_must_be_called():
    one = draft(tools=[SEARCH, RESULT], tool_choice="required")
    assert one.carrier() == "final_result"
    assert sent(one.closing())["tool_choice"] == {"type": "function", "name": "final_result"}
    forced = {"type": "function", "name": "search"}
    assert sent(draft(tools=[SEARCH, RESULT], tool_choice=forced).closing())["tool_choice"] == forced


def test_a_format_that_carries_the_answer_stays():
    form = {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}}
    assert sent(draft(text=form, tools=[SEARCH]).closing())["text"] == form


def test_a_reasoning_model_reasons_as_little_as_it_can():
    assert sent(draft(model="gpt-5").closing())["reasoning"] == {"effort": "low"}
    high = {"effort": "high", "summary": "auto"}
    assert sent(draft(model="gpt-5", reasoning=high).closing())["reasoning"] == {"effort": "low", "summary": "auto"}
    assert sent(draft(model="gpt-5.1", reasoning={"effort": "none"}).closing())["reasoning"] == {"effort": "none"}
    assert "reasoning" not in sent(draft().closing())
