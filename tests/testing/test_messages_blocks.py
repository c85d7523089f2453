"""The prompt of a Messages request as blocks."""

import json

import pytest

from farthing.testing.errors import Rejected
from farthing.testing.messages_blocks import blocks_of, seen_tools
from farthing.testing.tokens import (
    ANTHROPIC_FORCED_TOOLS_OVERHEAD,
    ANTHROPIC_TOOLS_OVERHEAD,
    MESSAGE_OVERHEAD,
    PRIMING,
    count,
)
from support.simulated import USER, messages_body, messages_tool

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


def text(words, **more):
    return {"type": "text", "text": words, **more}


def test_blocks_come_tools_first_then_system_then_messages():
    body = messages_body(
        tools=[messages_tool("f", "a")],
        system=[text("one"), text("two", cache_control=HOUR)],
        messages=[{"role": "user", "content": [text("three"), text("four", cache_control=MARK)]}],
    )
    blocks = blocks_of(body)
    assert [block.ttl for block in blocks] == ["", "", "1h", "", "5m"]
    assert [
        word in block.content for word, block in zip(["tool", "one", "two", "three", "four"], blocks, strict=True)
    ] == [True] * 5


def test_a_breakpoint_is_no_part_of_what_is_cached():
    plain = blocks_of(messages_body(messages=[{"role": "user", "content": [text("a")]}]))
    marked = blocks_of(messages_body(messages=[{"role": "user", "content": [text("a", cache_control=MARK)]}]))
    assert plain[0].content == marked[0].content


def test_automatic_caching_marks_the_last_block():
    assert [
        block.ttl
        for block in blocks_of(
            messages_body(messages=[*USER, {"role": "assistant", "content": "x"}], cache_control=HOUR)
        )
    ] == ["", "1h"]


def test_tools_bring_a_system_prompt_of_their_own():
    tool = messages_tool("f", "a")
    free = blocks_of(messages_body(tools=[tool]))[0].tokens
    forced = blocks_of(messages_body(tools=[tool], tool_choice={"type": "any"}))[0].tokens
    assert free - forced == ANTHROPIC_TOOLS_OVERHEAD - ANTHROPIC_FORCED_TOOLS_OVERHEAD


def test_another_choice_of_tools_changes_messages_but_not_tools_or_system():
    def contents(**more):
        return [
            block.content for block in blocks_of(messages_body(tools=[messages_tool("f", "a")], system="s", **more))
        ]

    before, after = contents(), contents(tool_choice={"type": "any"})
    assert before[:2] == after[:2]
    assert before[2] != after[2]


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (text("one two three"), 3),
        ({"type": "thinking", "thinking": "one two"}, 2),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}}, 1 + count("{}")),
        ({"type": "tool_result", "tool_use_id": "t", "content": [text("one two")]}, 2),
        ({"type": "image", "source": {"type": "url", "url": "https://e.com/a.png"}}, 1_399),
    ],
)
def test_each_kind_of_block_is_counted(part, tokens):
    blocks = blocks_of(messages_body(messages=[{"role": "user", "content": [part]}]))
    assert blocks[0].tokens == tokens + 3 + 3


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ([MARK] * 5, "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        ([MARK, HOUR], "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"),
        ([{"type": "forever"}], "does not match any of the expected tags: 'ephemeral'"),
        ([{"type": "ephemeral", "ttl": "2h"}], "Input should be '5m' or '1h'"),
    ],
)
def test_breakpoints_that_break_the_rules_are_refused(controls, message):
    parts = [text(f"part {at}", cache_control=control) for at, control in enumerate(controls)]
    with pytest.raises(Rejected) as caught:
        blocks_of(messages_body(messages=[{"role": "user", "content": parts}]))
    assert message in caught.value.message


def test_a_deferred_tool_is_no_part_of_the_prompt_until_a_search_has_found_it():
    shown, deferred = messages_tool("f", "a"), {**messages_tool("g", "a"), "defer_loading": True}
    found = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "tool_reference", "tool_name": "g"}]}
    before = messages_body(tools=[shown, deferred])
    after = messages_body(tools=[shown, deferred], messages=[*USER, {"role": "user", "content": [found]}])
    assert [tool["name"] for tool in seen_tools(before)] == ["f"]
    assert [block.tokens for block in blocks_of(before)] == [
        block.tokens for block in blocks_of(messages_body(tools=[shown]))
    ]
    assert [tool["name"] for tool in seen_tools(after)] == ["f", "g"]
    definition = json.dumps(deferred, separators=(",", ":"))
    assert blocks_of(after)[-1].tokens == count(definition) + MESSAGE_OVERHEAD + PRIMING
