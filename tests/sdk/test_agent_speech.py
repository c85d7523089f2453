"""What an agent leaves out of its conversation, and what it says where it never came to an answer."""

from farthing.sdk.agent_speech import Chat, Speech, ToolCall

CALL = ToolCall("id-1", "read", "{}")


def chat():
    speech = Chat(lambda **said: said, "gpt-4o-mini", (), {})
    speech.messages.append({"role": "user", "content": "Go."})
    return speech


def test_old_long_results_become_one_line_once():
    speech = chat()
    speech.answer(CALL, "winter " * 100, failed=False)
    assert speech.compress(1) == 0, "it is of this very turn"
    assert speech.compress(0) == 1
    assert speech.messages[-1]["content"].startswith("[read gave 700 characters, left out; they began: winter winter")
    assert speech.compress(0) == 0


def test_short_results_stay():
    speech = chat()
    speech.answer(CALL, "12.5", failed=False)
    assert speech.compress(0) == 0
    assert speech.messages[-1]["content"] == "12.5"


def test_a_note_stands_behind_everything_this_once():
    speech = chat()
    sent = speech.request(note="Hurry.", last=False)()
    assert sent["messages"][-1] == {"role": "user", "content": "Hurry."}
    assert speech.messages[-1]["content"] == "Go."


def test_without_an_answer_what_was_found_is_said():
    speech = chat()
    assert speech.found() == "The budget was used up before there was an answer."
    speech.answer(CALL, "gold at 12.5", failed=False)
    assert "- read: gold at 12.5" in speech.found()


def test_results_become_text():
    assert Speech.text_of("x") == "x"
    assert Speech.text_of({"a": [1]}) == '{"a":[1]}'
    assert Speech.text_of(object).startswith("<class")
