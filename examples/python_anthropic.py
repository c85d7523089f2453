"""Anthropic's own client behind Farthing, streamed: what the call cost comes in its last event (ANTHROPIC_BASE_URL)."""

from anthropic import Anthropic, APIStatusError

client = Anthropic(default_headers={"x-farthing-labels": "team=examples,agent=anthropic"})
question = {"role": "user", "content": "In one sentence: what was a farthing?"}
try:
    with client.messages.stream(model="claude-haiku-4-5", max_tokens=300, messages=[question]) as stream:
        for event in stream:
            if event.type == "text":
                print(event.text, end="", flush=True)
            elif event.type == "message_delta":
                told = (event.model_extra or {}).get("farthing", {})
                print(f"\ncost: {told.get('cost_usd')} USD; call: {told.get('call_id')}")
except APIStatusError as refused:
    raise SystemExit(f"refused ({refused.status_code}): {refused.message}") from refused
