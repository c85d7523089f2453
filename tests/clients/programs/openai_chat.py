"""OpenAI's own Python client: Chat Completions, streamed, with a tool; then the Responses API."""

import json

from openai import OpenAI

TOOL = {
    "name": "get_order",
    "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
}
client = OpenAI()
messages = [{"role": "user", "content": "Where is my order A-1001?"}]

first = client.chat.completions.create(
    model="gpt-4o-mini", messages=messages, tools=[{"type": "function", "function": TOOL}]
)
message = first.choices[0].message
call = message.tool_calls[0]
order = json.loads(call.function.arguments)["order_id"]
messages += [message, {"role": "tool", "tool_call_id": call.id, "content": f"{order} is on its way"}]
with client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True) as stream:
    answer = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

response = client.responses.create(model="gpt-4o-mini", input="Say it in one word.")
follow_up = client.responses.create(model="gpt-4o-mini", input="Thanks.", previous_response_id=response.id)
vectors = client.embeddings.create(model="text-embedding-3-small", input=answer)
print(f"{order}: {answer} {follow_up.output_text} {len(vectors.data)}")
