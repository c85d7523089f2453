"""What the model answers."""

import json

import pytest

from farthing.testing.conversation import Prompt, Reply, Tool, ToolCall, Turn
from farthing.testing.script import Directive, Script, agent, directive_in

ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
TOOLS = (Tool("get_order", ORDER), Tool("refund", ORDER))


def prompt(*turns, **more):
    return Prompt(dialect="openai-chat", model="m", turns=turns or (Turn(role="user", text="hi A-1"),), **more)


def test_scripted_replies_come_first_and_in_order():
    script = Script(["one", Reply(text="two")])
    script.push("three")
    assert [script.next(prompt(), Directive()).text for _ in range(4)] == ["one", "two", "three", None]


def test_a_function_may_answer_or_leave_it():
    script = Script(lambda asked: Reply(text="yes") if "hi" in asked.text_of("user") else None)
    assert script.next(prompt(), Directive()).text == "yes"
    assert script.next(prompt(Turn(role="user", text="?")), Directive(tokens=7)) == Reply(tokens=7)


def test_a_tool_that_must_be_called_is_called():
    script = Script()
    named = script.next(prompt(tools=TOOLS, tool_choice="refund"), Directive())
    assert named.tools == (ToolCall("refund", {"order_id": "A-1"}),)
    assert script.next(prompt(tools=TOOLS, tool_choice="required"), Directive()).tools[0].name == "get_order"
    assert script.next(prompt(tools=TOOLS), Directive()).tools == ()
    assert script.next(prompt(tools=TOOLS, tool_choice="none"), Directive()).tools == ()


def test_an_answer_in_a_named_format_satisfies_it():
    reply = Script().next(prompt(schema=ORDER), Directive())
    assert json.loads(reply.text) == {"order_id": "example"}


def test_the_agent_uses_each_tool_once_and_then_answers():
    turns = [Turn(role="user", text="refund order A-1001")]
    called = []
    for _ in range(3):
        reply = agent(prompt(*turns, tools=TOOLS))
        called.append([call.name for call in reply.tools])
        turns.append(Turn(role="assistant", calls=reply.tools))
        turns.append(Turn(role="tool", text="{}"))
    assert called == [["get_order"], ["refund"], []]
    assert "refund" in reply.text


def test_the_agent_respects_that_it_may_call_nothing():
    assert agent(prompt(tools=TOOLS, tool_choice="none")).tools == ()


def test_a_prompt_can_steer_the_simulation():
    directive = directive_in(
        prompt(Turn(role="user", text="[[sim tokens=5]] then [[sim tokens=9 agent fault=429:retry_after=1]]"))
    )
    assert directive == Directive(tokens=9, agent=True, fault="429:retry_after=1")
    assert directive_in(prompt()) == Directive()


@pytest.mark.parametrize("words", ["nonsense=1", "tokens=many"])
def test_a_directive_that_makes_no_sense_is_refused(words):
    with pytest.raises(ValueError):
        directive_in(prompt(Turn(role="user", text=f"[[sim {words}]]")))
