"""Items and events of Responses answers, as OpenAI's own client reads them."""

import openai
import pytest

from farthing.config.engine import wall_ms
from farthing.testing import Reply, SimulatedProvider, ToolCall, list_prices

PATCH = "*** Begin Patch\n*** Add File: a\n+b\n*** End Patch"
CUSTOM = {
    "type": "custom",
    "name": "apply_patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
}
ASKED = {"model": "gpt-6.1-sol", "input": "patch it"}


@pytest.fixture(scope="module")
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as simulated:
        yield simulated


@pytest.fixture
def client(provider):
    provider.reset()
    with openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k") as made:
        yield made


def test_a_custom_tool_is_called_with_text_piece_by_piece(provider, client):
    provider.script.push(Reply(tools=(ToolCall("apply_patch", input=PATCH),)))
    events = list(client.responses.create(**ASKED, tools=[CUSTOM], stream=True))
    said = "".join(event.delta for event in events if event.type == "response.custom_tool_call_input.delta")
    (done,) = [event.input for event in events if event.type == "response.custom_tool_call_input.done"]
    (call,) = [item for item in events[-1].response.output if item.type == "custom_tool_call"]
    assert said == done == call.input == PATCH
    assert call.id.startswith("ctc_")
    (entry,) = provider.bill
    assert events[-1].response.usage.output_tokens == entry.usage.output_tokens


def test_the_local_shell_is_called_at_once_and_its_tokens_are_billed(provider, client):
    provider.script.push(Reply(tools=(ToolCall("local_shell", {"command": ["ls", "-l"]}),)))
    events = list(client.responses.create(**ASKED, tools=[{"type": "local_shell"}], stream=True))
    (call,) = [item for item in events[-1].response.output if item.type == "local_shell_call"]
    assert call.action.command == ["ls", "-l"]
    assert not [event for event in events if event.type.endswith("arguments.delta")]
    (entry,) = provider.bill
    assert entry.usage.output_tokens > entry.usage.reasoning_output_tokens


@pytest.mark.parametrize("include", [["reasoning.encrypted_content"], []])
def test_thoughts_come_sealed_where_they_are_asked_for(client, include):
    answer = client.responses.create(**ASKED, include=include)
    (thought,) = [item for item in answer.output if item.type == "reasoning"]
    assert bool(thought.encrypted_content) == bool(include)


def test_a_past_is_made_short_and_stands_for_itself_from_then_on(provider, client):
    past = [{"role": "user", "content": "a long story"}]
    answer = client.responses.create(model="gpt-6.1-sol", input=[*past, {"type": "compaction_trigger"}])
    (short,) = answer.output
    assert short.type == "compaction"
    assert short.encrypted_content.startswith("gAAAA")
    again = client.responses.create(
        model="gpt-6.1-sol", input=[short.model_dump(), {"role": "user", "content": "go on"}]
    )
    assert again.output_text
    assert len(provider.bill) == 2
