"""The shape of a Gemini request: roles, lengths, names and digests; never content."""

from farthing.wire.gemini.generate import GenerateDialect
from support.gemini_wire import GET_ORDER, asked, call, model, result, user

KEY = b"k" * 32
CONTENTS = [user("Where is my order?"), model(call()), result()]


def skeleton(key=KEY, **fields):
    return GenerateDialect("gemini-2.5-flash").read(asked(**fields)).skeleton(key)


def test_each_content_has_its_role_its_length_and_the_functions_it_names():
    made = skeleton(contents=CONTENTS, tools=[GET_ORDER, {"googleSearch": {}}])
    assert [shape.role for shape in made.messages] == ["user", "model", "user"]
    assert made.messages[0].bytes == len("Where is my order?")
    assert [shape.tools for shape in made.messages] == [(), ("get_order",), ("get_order",)]
    assert made.tool_names == ("get_order", "googleSearch")
    assert made.text_bytes > sum(shape.bytes for shape in made.messages)


def test_equal_words_have_equal_digests_under_one_key_only():
    one, two = skeleton(contents=[user("a"), model({"text": "b"}), user("a")]), skeleton(key=b"x" * 32)
    assert one.messages[0].digest == one.messages[2].digest != one.messages[1].digest
    assert skeleton().messages[0].digest != two.messages[0].digest


def test_instruction_and_tools_have_digests_of_their_own():
    bare, told = skeleton(), skeleton(systemInstruction=model({"text": "be brief"}), tools=[GET_ORDER])
    assert (bare.system_digest, bare.tools_digest, bare.prompt_digest) == ("", "", "")
    assert all((told.system_digest, told.tools_digest, told.prompt_digest))


def test_a_content_without_a_role_is_the_users():
    assert skeleton(contents=[{"parts": [{"text": "a"}]}]).messages == skeleton(contents=[user("a")]).messages


def test_no_word_of_the_request_is_in_it():
    assert "order?" not in repr(skeleton(contents=CONTENTS))


def test_an_equal_request_at_temperature_0_would_be_answered_alike():
    assert skeleton(generationConfig={"temperature": 0}).deterministic
    assert not skeleton().deterministic
    assert not skeleton(generationConfig={"temperature": 0}, cachedContent="cachedContents/a").deterministic
