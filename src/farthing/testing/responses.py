"""Responses answers: the whole object, the events of a stream, and what is kept for later requests."""

from typing import Any

import msgspec

from farthing.testing import responses_rules
from farthing.testing.answer import Answer, Ask, Event
from farthing.testing.errors import Rejected, openai_body
from farthing.testing.generation import Call, Output, gathered
from farthing.testing.responses_rules import Items

_EMPTY: dict[str, dict[str, Any]] = {
    "reasoning": {},
    "message": {"content": []},
    "function_call": {"arguments": ""},
}
"""How an item looks when it is announced, before anything is in it."""


class Kept(msgspec.Struct, frozen=True):
    """A stored response. `ready_ms` is when a background response is done."""

    answer: Answer
    body: dict[str, Any]
    """The finished object."""
    items: Items
    """The chain up to here, with this answer's output."""
    ready_ms: int = 0
    cancelled: bool = False


class Responses:
    """`POST /v1/responses`, and the responses it remembers."""

    name = "openai-responses"
    maker = "openai"
    id_prefix = "resp_"
    call_prefix = "call_"

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    def read(self, body: dict[str, Any]) -> Ask:
        return responses_rules.read(body, self._chain)

    def whole(self, answer: Answer) -> dict[str, Any]:
        status = "incomplete" if answer.outputs[0].cut else "completed"
        items = [item for item, _ in _items(answer)]
        return self._object(answer, status, items, self.usage(answer, answer.usage.output_tokens))

    def pending(self, answer: Answer, status: str) -> dict[str, Any]:
        """A response that is not finished: no output, no usage."""
        return self._object(answer, status, [], None)

    def keep(self, answer: Answer, ready_ms: int) -> None:
        """Remember an answer, so that it can be fetched and continued."""
        body = self.whole(answer)
        before = responses_rules.items_of(answer.ask.body, self._chain)
        self.kept[answer.id] = Kept(answer, body, [*before, *body["output"]], ready_ms)

    def fetch(self, id: str, now_ms: int) -> dict[str, Any] | None:
        """The stored response as it stands at this moment, or None."""
        kept = self.kept.get(id)
        if kept is None:
            return None
        if kept.cancelled:
            return self.pending(kept.answer, "cancelled")
        return kept.body if now_ms >= kept.ready_ms else self.pending(kept.answer, "in_progress")

    def cancel(self, id: str) -> None:
        self.kept[id] = msgspec.structs.replace(self.kept[id], cancelled=True)

    def events(self, answer: Answer) -> list[Event]:
        stream = _Events()
        opening = self.pending(answer, "in_progress")
        stream.add("response.created", {"response": opening})
        stream.add("response.in_progress", {"response": opening})
        for at, (item, output) in enumerate(_items(answer)):
            stream.item(at, item, output, answer.tokens_per_event)
        done = self.whole(answer)
        stream.add(f"response.{done['status']}", {"response": done}, final=True)
        return stream.events

    def usage(self, answer: Answer, made: int) -> dict[str, Any]:
        usage = answer.usage
        return {
            "input_tokens": usage.input_tokens,
            "input_tokens_details": {
                "cached_tokens": usage.cache_read_input_tokens,
                "cache_write_tokens": usage.cache_write_input_tokens,
            },
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": min(usage.reasoning_output_tokens, made)},
            "total_tokens": usage.input_tokens + made,
        }

    def error(self, error: Rejected, request_id: str) -> dict[str, Any]:  # noqa: ARG002  OpenAI keeps the id in a header
        return openai_body(error)

    def error_event(self, error: Rejected, request_id: str, made: int) -> Event:  # noqa: ARG002
        data = {"type": "error", "code": error.code or error.kind, "message": error.message, "param": error.param}
        return Event(name="error", data={**data, "sequence_number": 0}, made=made)

    def _chain(self, id: str) -> Items | None:
        kept = self.kept.get(id)
        return None if kept is None else kept.items

    def _object(self, answer: Answer, status: str, output: Items, usage: dict[str, Any] | None) -> dict[str, Any]:
        body = answer.ask.body
        return {
            "id": answer.id,
            "object": "response",
            "created_at": answer.created,
            "status": status,
            "background": answer.ask.background,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "metadata": body.get("metadata") or {},
            "model": answer.ask.prompt.model,
            "output": output,
            "parallel_tool_calls": body.get("parallel_tool_calls", True),
            "previous_response_id": body.get("previous_response_id"),
            "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
            "service_tier": answer.ask.tier or "default",
            "store": body.get("store", True),
            "temperature": body.get("temperature", 1.0),
            "text": body.get("text") or {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice", "auto"),
            "tools": body.get("tools") or [],
            "top_p": body.get("top_p", 1.0),
            "truncation": body.get("truncation", "disabled"),
            "usage": usage,
            "user": body.get("user"),
        }


class _Events:
    """The events of one stream as they are put together; keeps count of sequence numbers and tokens."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.made = 0

    def add(self, kind: str, data: dict[str, Any], *, tokens: int = 0, final: bool = False) -> None:
        self.made += tokens
        numbered = {"type": kind, "sequence_number": len(self.events), **data}
        self.events.append(Event(name=kind, data=numbered, made=self.made, content=tokens > 0, final=final))

    def item(self, at: int, item: dict[str, Any], part: Output | Call, tokens_per_event: int) -> None:
        """Everything from `output_item.added` to `output_item.done`."""
        empty = _EMPTY[item["type"]]
        started = {} if item["type"] == "reasoning" else {"status": "in_progress"}
        opened = {**item, **empty, **started}
        opening = part.opening_tokens if isinstance(part, Call) else 0
        self.add("response.output_item.added", {"output_index": at, "item": opened}, tokens=opening)
        place = {"item_id": item["id"], "output_index": at}
        if item["type"] == "reasoning" and isinstance(part, Output):
            self.made += part.reasoning_tokens
        elif isinstance(part, Call):
            self._arguments(place, part, tokens_per_event)
        else:
            self._text({**place, "content_index": 0}, item, part, tokens_per_event)
        self.add("response.output_item.done", {"output_index": at, "item": item})

    def _text(self, place: dict[str, Any], item: dict[str, Any], output: Output, tokens_per_event: int) -> None:
        part = item["content"][0]
        self.add("response.content_part.added", {**place, "part": {**part, "text": ""}})
        for piece in gathered(output.pieces, tokens_per_event):
            delta = {**place, "delta": piece.text, "logprobs": []}
            self.add("response.output_text.delta", delta, tokens=piece.tokens)
        self.add("response.output_text.done", {**place, "text": output.text, "logprobs": []})
        self.add("response.content_part.done", {**place, "part": part})

    def _arguments(self, place: dict[str, Any], call: Call, tokens_per_event: int) -> None:
        for piece in gathered(call.pieces, tokens_per_event):
            delta = {**place, "delta": piece.text}
            self.add("response.function_call_arguments.delta", delta, tokens=piece.tokens)
        done = {**place, "name": call.name, "arguments": call.arguments}
        self.add("response.function_call_arguments.done", done)


def _items(answer: Answer) -> list[tuple[dict[str, Any], Output | Call]]:
    """The output items in order, each with what it was made from."""
    output = answer.outputs[0]
    stem = answer.id.removeprefix("resp_")
    status = "incomplete" if output.cut else "completed"
    items: list[tuple[dict[str, Any], Output | Call]] = []
    if answer.ask.model.reasons and output.thoughts:
        items.append(({"id": f"rs_{stem}", "type": "reasoning", "summary": []}, output))
    if output.pieces or not (output.calls or output.cut):
        content = [{"type": "output_text", "text": output.text, "annotations": [], "logprobs": []}]
        message = {"type": "message", "status": status, "role": "assistant", "content": content}
        items.append(({"id": f"msg_{stem}", **message}, output))
    for number, call in enumerate(output.calls):
        function = {"type": "function_call", "status": status, "call_id": call.id, "name": call.name}
        items.append(({"id": f"fc_{stem}{number}", **function, "arguments": call.arguments}, call))
    return items
