"""Responses answers: the whole object, the events of a stream, and what is kept for later requests."""

from typing import Any

import msgspec

from farthing.testing import responses_rules
from farthing.testing.answer import Answer, Ask, Event
from farthing.testing.errors import Rejected, openai_body
from farthing.testing.responses_items import Events, items_of
from farthing.testing.responses_tools import Items


class Kept(msgspec.Struct, frozen=True):
    """A stored response. `ready_ms` is when a background response is done."""

    answer: Answer
    body: dict[str, Any]
    """The finished object."""
    items: Items
    """The chain up to here, with this answer's output."""
    asked: Items = []
    """The chain up to here, without it."""
    ready_ms: int = 0
    cancelled: bool = False
    made: int | None = None
    """Output tokens until it was cancelled; None where it does not say."""


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
        items = [item for item, _ in items_of(answer)]
        return self._object(answer, status, items, self.usage(answer, answer.usage.output_tokens))

    def pending(self, answer: Answer, status: str) -> dict[str, Any]:
        """A response that is not finished: no output, no usage."""
        return self._object(answer, status, [], None)

    def keep(self, answer: Answer, ready_ms: int) -> None:
        """Remember an answer, so that it can be fetched and continued."""
        body = self.whole(answer)
        before = responses_rules.items_of(answer.ask.body, self._chain)
        self.kept[answer.id] = Kept(answer, body, [*before, *body["output"]], before, ready_ms)

    def fetch(self, id: str, now_ms: int) -> dict[str, Any] | None:
        """The stored response as it stands at this moment, or None."""
        kept = self.kept.get(id)
        if kept is None:
            return None
        if kept.cancelled:
            usage = None if kept.made is None else self.usage(kept.answer, kept.made)
            return self._object(kept.answer, "cancelled", [], usage)
        return kept.body if now_ms >= kept.ready_ms else self.pending(kept.answer, "in_progress")

    def cancel(self, id: str, made: int | None = None) -> None:
        """Stop it, after so many output tokens where it says so."""
        self.kept[id] = msgspec.structs.replace(self.kept[id], cancelled=True, made=made)

    def is_cancelled(self, id: str) -> bool:
        return id not in self.kept or self.kept[id].cancelled

    def events(self, answer: Answer) -> list[Event]:
        stream = Events()
        opening = self.pending(answer, "in_progress")
        stream.add("response.created", {"response": opening})
        stream.add("response.in_progress", {"response": opening})
        for at, (item, output) in enumerate(items_of(answer)):
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
