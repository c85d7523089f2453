"""Prompts as the model sees them."""

from farthing.testing.conversation import Prompt, ToolCall, Turn


def test_arguments_are_written_as_json():
    assert ToolCall("refund", {"amount": 3, "why": "late"}).text == '{"amount":3,"why":"late"}'


def test_text_is_gathered_by_role():
    turns = (Turn(role="user", text="a"), Turn(role="assistant", text="b"), Turn(role="user", text="c"))
    assert Prompt(dialect="openai-chat", model="m", turns=turns).text_of("user") == "a\nc"


def test_only_calls_since_the_user_last_spoke_count_as_made():
    old, new = ToolCall("old"), ToolCall("new")
    turns = (
        Turn(role="user", text="first"),
        Turn(role="assistant", calls=(old,)),
        Turn(role="user", text="second"),
        Turn(role="assistant", calls=(new,)),
        Turn(role="tool", text="{}"),
    )
    assert Prompt(dialect="openai-chat", model="m", turns=turns).made_calls == (new,)
