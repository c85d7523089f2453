"""Edits of a Messages body: our text stands behind the client's cache breakpoints, and a last call can only answer."""

import json

import pytest

from farthing.wire.anthropic.messages import MessagesDialect
from support.messages_wire import asked
from support.simulated import messages_tool

SEARCH, RESULT = messages_tool("search", "q"), messages_tool("final_result", "answer")
OURS = {"type": "text", "text": "Hurry."}
MARK = {"type": "ephemeral"}


def draft(**fields):
    return MessagesDialect().read(asked(**fields))


def sent(edited):
    return json.loads(edited.outbound(model="claude-sonnet-4-6", cap=None))


def last(**fields):
    return sent(draft(**fields).saying("Hurry."))["messages"][-1]["content"]


def test_our_text_is_a_block_of_its_own_after_a_plain_string():
    assert last() == [{"type": "text", "text": "Hello, Claude"}, OURS]


def test_it_comes_after_tool_results_and_after_the_breakpoint_on_them():
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "nothing", "cache_control": MARK}
    assert last(messages=[{"role": "user", "content": [result]}]) == [result, OURS]


def test_a_breakpoint_on_the_whole_body_stays_with_the_clients_last_block():
    told = sent(draft(cache_control=MARK).saying("Hurry."))
    assert "cache_control" not in told
    assert told["messages"][-1]["content"] == [{"type": "text", "text": "Hello, Claude", "cache_control": MARK}, OURS]
    assert draft(cache_control=MARK).saying("Hurry.").asked.cache_ttl == "5m"


def test_an_answer_that_the_client_has_begun_is_left_to_it():
    one = draft(messages=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well"}])
    assert one.saying("Hurry.") is one


def test_what_is_added_is_counted_and_the_draft_itself_is_not_changed():
    one = draft()
    assert one.saying("Hurry.").asked.text_bytes == one.asked.text_bytes + len("Hurry.")
    assert sent(one)["messages"] == [{"role": "user", "content": "Hello, Claude"}]


def test_the_tools_stay_in_the_body_and_none_can_be_called():
    closed = sent(draft(tools=[SEARCH]).closing())
    assert (closed["tools"], closed["tool_choice"]) == ([SEARCH], {"type": "none"})
    assert "tool_choice" not in sent(draft().closing())


@pytest.mark.parametrize("choice", [None, {"type": "auto"}, {"type": "any"}])
def test_the_output_tool_of_a_framework_is_the_one_that_must_be_called(choice):
    one = draft(tools=[SEARCH, RESULT], tool_choice=choice)
    assert one.carrier() == "final_result"
    assert sent(one.closing())["tool_choice"] == {"type": "tool", "name": "final_result"}


def test_the_only_tool_stays_where_one_must_be_called_and_a_forced_one_in_any_case():
    assert draft(tools=[SEARCH], tool_choice={"type": "any"}).carrier() == "search"
    assert draft(tools=[SEARCH, RESULT], tool_choice={"type": "tool", "name": "search"}).carrier() == "search"


@pytest.mark.parametrize("thinking", [{"type": "enabled", "budget_tokens": 2_000}, {"type": "adaptive"}])
def test_thinking_is_off_since_a_forced_tool_does_not_allow_it_and_the_room_is_for_the_answer(thinking):
    closed = draft(thinking=thinking, max_tokens=9_000).closing()
    assert sent(closed)["thinking"] == {"type": "disabled"}
    assert closed.asked.thinking is None


def test_what_does_not_think_says_nothing_of_thinking():
    assert "thinking" not in sent(draft().closing())


def test_a_format_that_carries_the_answer_stays():
    form = {"type": "json_schema", "schema": {"type": "object"}}
    assert sent(draft(output_config={"format": form}, tools=[SEARCH]).closing())["output_config"] == {"format": form}
