"""OpenAI's own client against the simulated provider."""

import asyncio
import json

import openai
import pytest

from farthing.testing import Reply, SimulatedProvider, ToolCall, agent
from support.simulated import USER, chat_tool, responses_tool, tool


@pytest.fixture
def client(provider):
    with openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


def test_chat_whole_and_streamed_say_and_bill_the_same(client, provider):
    whole = client.chat.completions.create(model="gpt-4o-mini", messages=USER, max_tokens=30)
    chunks = list(
        client.chat.completions.create(
            model="gpt-4o-mini", messages=USER, max_tokens=30, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert [entry.usage for entry in provider.bill] == [provider.bill.entries[0].usage] * 2


def test_chat_from_an_asynchronous_client(provider):
    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="sk-test") as client:
            whole = await client.chat.completions.create(model="gpt-4o-mini", messages=USER)
            stream = await client.chat.completions.create(model="gpt-4o-mini", messages=USER, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return whole.choices[0].message.content, "".join(pieces)

    whole, streamed = asyncio.run(ask())
    assert whole == streamed


def test_the_streaming_helper_puts_tool_calls_together(client, provider):
    provider.script.push(Reply(tools=(ToolCall("get_order", {"order_id": "A-1001"}),)))
    with client.chat.completions.stream(
        model="gpt-4o-mini", messages=USER, tools=[chat_tool("get_order", "order_id")]
    ) as stream:
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_order", {"order_id": "A-1001"})


def test_an_agent_works_through_its_tools():
    tools = [chat_tool("get_order", "order_id"), chat_tool("refund", "order_id", amount={"type": "number"})]
    results = {"get_order": {"order_id": "A-1001", "amount": 40}, "refund": {"ok": True}}
    messages = [*USER]
    used = []
    with SimulatedProvider(script=agent).in_thread() as provider:
        client = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test")
        while True:
            message = (
                client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=tools).choices[0].message
            )
            messages.append(message.model_dump(exclude_none=True))
            for call in message.tool_calls or []:
                used.append((call.function.name, json.loads(call.function.arguments)))
                messages.append(
                    {"role": "tool", "tool_call_id": call.id, "content": json.dumps(results[call.function.name])}
                )
            if not message.tool_calls:
                break
        client.close()
    assert used == [("get_order", {"order_id": "A-1001"}), ("refund", {"order_id": "A-1001", "amount": 40})]
    assert "refund" in message.content


def test_responses_whole_streamed_and_continued(client):
    whole = client.responses.create(model="gpt-5-mini", input="hello")
    with client.responses.stream(model="gpt-5-mini", input="hello") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == whole.output_text
    assert final.usage == whole.usage
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    later = client.responses.create(model="gpt-5-mini", input="and then?", previous_response_id=whole.id)
    assert later.usage.input_tokens > whole.usage.input_tokens + 100


def test_responses_call_tools_and_take_their_results(client, provider):
    provider.script.push(Reply(tools=(ToolCall("get_order", {"order_id": "A-1001"}),)), "It is on its way.")
    tools = [responses_tool("get_order", "order_id")]
    first = client.responses.create(model="gpt-4o-mini", input="where is it?", tools=tools)
    call = first.output[0]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "{}"}
    second = client.responses.create(model="gpt-4o-mini", previous_response_id=first.id, input=[result], tools=tools)
    assert second.output_text == "It is on its way."


def test_a_background_response_is_fetched_until_done(client, clock):
    queued = client.responses.create(model="gpt-4o-mini", input="take your time", background=True)
    assert client.responses.retrieve(queued.id).status == "in_progress"
    clock.advance(seconds=2)
    assert client.responses.retrieve(queued.id).output_text


def test_embeddings_and_models(client):
    answer = client.embeddings.create(model="text-embedding-3-small", input=["one", "two"], dimensions=32)
    assert [len(item.embedding) for item in answer.data] == [32, 32]
    assert "gpt-4o" in {model.id for model in client.models.list()}
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("401", openai.AuthenticationError),
        ("reset_before_headers", openai.APIConnectionError),
        ("reset_mid_body", openai.APIConnectionError),
    ],
)
def test_faults_become_the_clients_own_errors(client, provider, fault, error):
    provider.faults.push(fault)
    with pytest.raises(error):
        client.chat.completions.create(model="gpt-4o-mini", messages=USER)


def test_the_client_retries_and_each_attempt_is_on_the_bill(client, provider):
    provider.faults.push("529", "503:retry_after=0.01", None)
    client.with_options(max_retries=3).chat.completions.create(model="gpt-4o-mini", messages=USER)
    assert [entry.status for entry in provider.bill] == [529, 503, 200]


def test_a_broken_rule_is_a_bad_request_with_its_field(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="o3", messages=USER, max_tokens=5)
    assert (caught.value.param, caught.value.code) == ("max_tokens", "unsupported_parameter")


def test_an_error_event_ends_a_stream_with_an_error(client, provider):
    provider.faults.push("error_event")
    with pytest.raises(openai.APIError, match="server had an error"):
        list(client.chat.completions.create(model="gpt-4o-mini", messages=USER, stream=True))


def test_a_parsed_answer_fits_its_schema(client):
    _, schema = tool("order", "order_id")
    form = {"type": "json_schema", "name": "order", "schema": schema}
    answer = client.responses.create(model="gpt-4o-mini", input="order A-1001", text={"format": form})
    assert list(json.loads(answer.output_text)) == ["order_id"]
