"""Anthropic's own Python client: a free count, a tool, and a stream."""

from anthropic import Anthropic

TOOL = {
    "name": "get_order",
    "input_schema": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
}
client = Anthropic()
asked = {"model": "claude-haiku-4-5", "tools": [TOOL]}
messages = [{"role": "user", "content": "Where is my order A-1001?"}]
counted = client.messages.count_tokens(messages=messages, **asked).input_tokens

first = client.messages.create(max_tokens=500, messages=messages, **asked)
call = next(block for block in first.content if block.type == "tool_use")
result = {"type": "tool_result", "tool_use_id": call.id, "content": f"{call.input['order_id']} is on its way"}
messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
with client.messages.stream(max_tokens=500, messages=messages, **asked) as stream:
    answer = "".join(stream.text_stream)
print(f"{call.input['order_id']} ({counted} tokens): {answer}")
