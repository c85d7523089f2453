"""Chat Completions answers: the whole object and the chunks of a stream, as OpenAI writes them."""

from typing import Any

from farthing.testing import chat_rules
from farthing.testing.answer import Answer, Ask, Event
from farthing.testing.errors import Rejected, openai_body
from farthing.testing.generation import Call, Output, gathered

_FINGERPRINT = "fp_44709d6fcb"


class Chat:
    """`POST /v1/chat/completions`."""

    name = "openai-chat"
    maker = "openai"
    id_prefix = "chatcmpl-"
    call_prefix = "call_"

    def read(self, body: dict[str, Any]) -> Ask:
        return chat_rules.read(body)

    def whole(self, answer: Answer) -> dict[str, Any]:
        return {
            **_head(answer, "chat.completion"),
            "choices": [_choice(at, output) for at, output in enumerate(answer.outputs)],
            "usage": self.usage(answer, answer.usage.output_tokens),
        }

    def events(self, answer: Answer) -> list[Event]:
        """Role, content, finish for each choice in turn; then the usage chunk if it was asked for, and `[DONE]`."""
        head = _head(answer, "chat.completion.chunk")
        if answer.ask.show_usage:
            head["usage"] = None
        events: list[Event] = []
        made = answer.ask.rejected_prediction
        for at, output in enumerate(answer.outputs):
            made = _stream_choice(events, head, at, output, made, answer.tokens_per_event)
        if answer.ask.show_usage:
            usage = self.usage(answer, made)
            events.append(Event(data={**head, "choices": [], "usage": usage}, made=made, final=True))
        return [*events, Event(data=None, made=made)]

    def usage(self, answer: Answer, made: int) -> dict[str, Any]:
        usage = answer.usage
        prompt: dict[str, Any] = {"cached_tokens": usage.cache_read_input_tokens, "audio_tokens": 0}
        if answer.ask.model.writes_cache:
            prompt["cache_write_tokens"] = usage.cache_write_input_tokens
        return {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": made,
            "total_tokens": usage.input_tokens + made,
            "prompt_tokens_details": prompt,
            "completion_tokens_details": {
                "reasoning_tokens": min(usage.reasoning_output_tokens, made),
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": answer.ask.rejected_prediction,
            },
        }

    def error(self, error: Rejected, request_id: str) -> dict[str, Any]:  # noqa: ARG002  OpenAI keeps the id in a header
        return openai_body(error)

    def error_event(self, error: Rejected, request_id: str, made: int) -> Event:  # noqa: ARG002
        return Event(data=openai_body(error), made=made)


def _head(answer: Answer, kind: str) -> dict[str, Any]:
    return {
        "id": answer.id,
        "object": kind,
        "created": answer.created,
        "model": answer.ask.prompt.model,
        "service_tier": answer.ask.tier or "default",
        "system_fingerprint": _FINGERPRINT,
    }


def _choice(at: int, output: Output) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": output.text if output.pieces or not output.calls else None,
        "refusal": None,
        "annotations": [],
    }
    if output.calls:
        message["tool_calls"] = [_call(call) for call in output.calls]
    return {"index": at, "message": message, "logprobs": None, "finish_reason": finish(output)}


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def finish(output: Output) -> str:
    return "length" if output.cut else "tool_calls" if output.calls else "stop"


def _stream_choice(
    events: list[Event], head: dict[str, Any], at: int, output: Output, made: int, tokens_per_event: int
) -> int:
    """Adds the chunks of one choice; returns the tokens made by its end."""

    def add(delta: dict[str, Any], tokens: int, *, reason: str | None = None) -> None:
        nonlocal made
        made += tokens
        choice = {"index": at, "delta": delta, "logprobs": None, "finish_reason": reason}
        events.append(Event(data={**head, "choices": [choice]}, made=made, content=tokens > 0))

    made += output.reasoning_tokens
    add({"role": "assistant", "content": None if output.calls and not output.pieces else "", "refusal": None}, 0)
    for piece in gathered(output.pieces, tokens_per_event):
        add({"content": piece.text}, piece.tokens)
    for number, call in enumerate(output.calls):
        opening = {"index": number, "id": call.id, "type": "function"}
        add({"tool_calls": [{**opening, "function": {"name": call.name, "arguments": ""}}]}, call.opening_tokens)
        for piece in gathered(call.pieces, tokens_per_event):
            add({"tool_calls": [{"index": number, "function": {"arguments": piece.text}}]}, piece.tokens)
    add({}, 0, reason=finish(output))
    return made
