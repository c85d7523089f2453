"""The shape of a Messages request: never its words."""

from farthing.wire.anthropic.messages import MessagesDialect
from support.messages_wire import asked

KEY = b"k" * 32
CALL = {"type": "tool_use", "id": "t1", "name": "find", "input": {"q": "secret"}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "secret"}


def shape(key=KEY, **fields):
    return MessagesDialect().read(asked(**fields)).skeleton(key)


def message(*blocks, role="user"):
    return {"role": role, "content": list(blocks)}


def test_messages_are_shown_by_role_bytes_tools_and_breakpoint():
    marked = {**RESULT, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    skeleton = shape(messages=[{"role": "user", "content": "häh"}, message(CALL, role="assistant"), message(marked)])
    first, called, answered = skeleton.messages
    assert (first.role, first.bytes, first.tools, first.breakpoint) == ("user", 4, (), "")
    assert (called.role, called.tools, called.bytes) == ("assistant", ("find",), len("find") + len('{"q":"secret"}'))
    assert (answered.tools, answered.breakpoint, answered.bytes) == (("find",), "1h", len("t1secret"))
    assert skeleton.text_bytes == sum(each.bytes for each in skeleton.messages)


def test_no_word_of_the_content_is_in_it():
    skeleton = shape(system="secret", messages=[message(CALL, role="assistant"), message(RESULT)])
    assert "secret" not in str(skeleton)


def test_a_message_keeps_its_digest_when_the_breakpoint_moves_on():
    plain = {"type": "text", "text": "x"}
    marked = {**plain, "cache_control": {"type": "ephemeral"}}
    digests = {
        shape(messages=[sent]).messages[0].digest
        for sent in (message(plain), message(marked), message() | {"content": "x"})
    }
    assert len(digests) == 1


def test_digests_differ_by_content_role_and_key():
    texts = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}, {"role": "assistant", "content": "a"}]
    digests = {shape(messages=[each]).messages[0].digest for each in texts}
    digests.add(shape(b"other", messages=texts[:1]).messages[0].digest)
    assert len(digests) == 4
    assert all(len(digest) == 16 for digest in digests)


def test_the_prompt_version_is_of_system_and_tools():
    tools = [{"name": "t", "input_schema": {}}]
    full = shape(system="s", tools=tools)
    assert full.tool_names == ("t",)
    assert full.system_digest == shape(system=[{"type": "text", "text": "s"}]).system_digest
    assert full.tools_digest == shape(tools=tools).tools_digest
    assert len({full.prompt_digest, shape(system="s").prompt_digest, shape(tools=tools).prompt_digest}) == 3
    assert (shape().system_digest, shape().tools_digest, shape().prompt_digest) == ("", "", "")


def test_media_are_named_by_kind():
    image = {"type": "image", "source": {"type": "url", "url": "https://x"}}
    assert shape(messages=[message(image)]).media == ("image",)


def test_breakpoints_before_the_messages_and_on_the_whole_body_are_shown():
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    system = [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]
    assert shape(system=system).prompt_breakpoint == "5m"
    assert shape(system=system, tools=[{"name": "t", "input_schema": {}, **hour}]).prompt_breakpoint == "1h"
    assert shape(system="s", tools=[{"name": "t", "input_schema": {}}]).prompt_breakpoint == ""
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    assert [each.breakpoint for each in shape(messages=said, **hour).messages] == ["", "", "1h"]
