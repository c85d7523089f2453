"""instructor: typed answers by a tool that the model must call, whole and streamed."""

import instructor
from pydantic import BaseModel


class Order(BaseModel):
    order_id: str
    place: str


asked = [{"role": "user", "content": "Where is my order A-1001?"}]
for model in ("openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"):
    client = instructor.from_provider(model)
    more = {"max_tokens": 500} if model.startswith("anthropic") else {}
    print(client.create(response_model=Order, messages=asked, **more).order_id)
    *_, last = client.create_partial(response_model=Order, messages=asked, **more)
    print(last.order_id)
