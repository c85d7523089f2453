"""A skeleton has shapes and keyed hashes, never words."""

import msgspec

from farthing.domain.record import Skeleton
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.strict import write

TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "parameters": {}}},
    {"type": "custom", "custom": {"name": "grep"}},
]
MESSAGES = [
    {"role": "system", "content": "Be kind."},
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Weather?", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
    {"role": "assistant", "content": None, "function_call": {"name": "old", "arguments": "{}"}},
    {"role": "function", "name": "old", "content": "1"},
]  # fmt: skip


def skeleton(messages: list = MESSAGES, key: bytes = b"k" * 32, **more: object) -> Skeleton:
    body = {"model": "gpt-4o", "messages": messages, "tools": TOOLS, **more}
    return ChatDialect().read(write(body)).skeleton(key)


def test_messages_keep_role_size_tools_and_breakpoint() -> None:
    shapes = skeleton().messages
    assert [shape.role for shape in shapes] == [message["role"] for message in MESSAGES]
    assert [shape.tools for shape in shapes] == [(), (), (), ("get_weather",), ("get_weather",), ("old",), ("old",)]
    assert [shape.breakpoint for shape in shapes] == ["", "", "1h", "", "", "", ""]
    assert shapes[0].bytes == len("system" + "Be kind.")


def test_equal_messages_have_equal_digests_under_one_key_and_others_under_another() -> None:
    twice = skeleton([MESSAGES[0], MESSAGES[0], MESSAGES[1]])
    assert twice.messages[0].digest == twice.messages[1].digest != twice.messages[2].digest
    assert len(twice.messages[0].digest) == 16
    assert skeleton(key=b"other").messages[0].digest != skeleton().messages[0].digest


def test_the_prompts_version_changes_with_system_and_tools_only() -> None:
    first = skeleton()
    assert first.prompt_digest == skeleton([*MESSAGES, {"role": "user", "content": "More?"}]).prompt_digest
    assert first.prompt_digest != skeleton(MESSAGES[1:]).prompt_digest
    assert first.tools_digest != skeleton(tools=TOOLS[:1]).tools_digest
    assert first.tool_names == ("get_weather", "grep")
    bare = skeleton([{"role": "user", "content": "x"}], tools=None)
    assert (bare.system_digest, bare.tools_digest, bare.prompt_digest) == ("", "", "")


def test_no_word_of_the_content_is_in_it() -> None:
    written = msgspec.json.encode(skeleton())
    assert all(word not in written for word in (b"kind", b"brief", b"Weather?", b"rain"))


def test_odd_tool_calls_do_not_break_it() -> None:
    odd = [{"role": "assistant", "content": "", "tool_calls": ["x", {}, {"function": "f"}], "function_call": "auto"}]
    assert skeleton(odd).messages[0].tools == ("", "", "")


def test_the_order_of_role_and_text_makes_no_other_message() -> None:
    turned = {"content": "Be kind.", "role": "system"}
    assert skeleton([turned]).messages[0].digest == skeleton(MESSAGES[:1]).messages[0].digest


def test_messages_that_look_alike_have_digests_of_their_own() -> None:
    alike = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "a", "name": "a"},
        {"role": "user", "content": None},
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "user", "content": '{"role":"user","content":"a"}'},
        {"role": "user: a", "content": ""},
        {"role": "user: ", "content": "a"},
        {"role": "critic", "content": "a"},
    ]
    assert len({shape.digest for shape in skeleton(alike).messages}) == len(alike)


def test_every_part_of_the_prompt_has_its_share_in_its_version() -> None:
    """One instruction, several, tools alone, both: each its own version."""
    user = {"role": "user", "content": "x"}
    versions = [
        skeleton([user], tools=TOOLS),
        skeleton([user], tools=None, functions=[TOOLS[0]["function"]]),
        skeleton([user], functions=[TOOLS[0]["function"]]),
        skeleton([MESSAGES[0], user], tools=None),
        skeleton([MESSAGES[0], MESSAGES[1], user], tools=None),
        skeleton([MESSAGES[1], MESSAGES[0], user], tools=None),
        skeleton([MESSAGES[0], user]),
    ]
    assert len({version.prompt_digest for version in versions} - {""}) == len(versions)
    assert versions[-1].system_digest == versions[3].system_digest
    assert versions[-1].tools_digest == versions[0].tools_digest
