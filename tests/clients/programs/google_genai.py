"""Google's own Python client: a function that it calls by itself, and a stream."""

import os

from google import genai


def get_order(order_id: str) -> str:
    """Say where an order is."""
    return f"{order_id} is on its way"


client = genai.Client()
model = os.environ.get("MODEL", "gemini-2.5-flash")
first = client.models.generate_content(
    model=model, contents="Where is my order A-1001?", config={"tools": [get_order], "max_output_tokens": 500}
)
stream = client.models.generate_content_stream(model=model, contents="Say it again, shortly.")
answer = "".join(chunk.text or "" for chunk in stream)
print(f"{first.text} {answer}")
