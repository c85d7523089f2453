"""Messages answers: the whole object and the events of a stream, as Anthropic writes them."""

from base64 import b64encode
from hashlib import blake2b
from typing import Any

import msgspec

from farthing.testing import messages_rules
from farthing.testing.answer import Answer, Ask, Event
from farthing.testing.errors import Rejected, anthropic_body
from farthing.testing.generation import Call, Output, Piece, gathered
from farthing.testing.threads import Threads


class Messages:
    """`POST /v1/messages`."""

    name = "anthropic-messages"
    maker = "anthropic"
    id_prefix = "msg_"
    call_prefix = "toolu_"

    def __init__(self) -> None:
        self.threads = Threads()

    def read(self, body: dict[str, Any]) -> Ask:
        return messages_rules.read(self.threads.whole(body))

    def keep(self, answer: Answer) -> None:
        """Remember the conversation where the request asks for that."""
        if answer.ask.body.get("thread") is not None:
            self.threads.keep(answer.id, answer.ask.body, _content(answer, answer.outputs[0]))

    def count(self, body: dict[str, Any]) -> int:
        """`POST /v1/messages/count_tokens`: free, and never below what is then billed."""
        return messages_rules.read(self.threads.whole(body), counting=True).input_tokens

    def whole(self, answer: Answer) -> dict[str, Any]:
        output = answer.outputs[0]
        return {
            **_head(answer),
            "content": _content(answer, output),
            "stop_reason": stop_reason(output),
            "stop_sequence": None,
            "usage": self.usage(answer, answer.usage.output_tokens),
        }

    def events(self, answer: Answer) -> list[Event]:
        output = answer.outputs[0]
        stream = _Events(answer.tokens_per_event)
        opening = {**_head(answer), "content": [], "stop_reason": None, "stop_sequence": None}
        opening["usage"] = self.usage(answer, min(1, answer.usage.output_tokens))
        stream.add("message_start", {"message": opening})
        if output.thoughts:
            stream.thinking(output, _signature(answer))
        if output.pieces:
            stream.text(output)
        for call in output.calls:
            stream.call(call)
        delta = {"stop_reason": stop_reason(output), "stop_sequence": None}
        usage = _cumulative(self.usage(answer, answer.usage.output_tokens))
        stream.add("message_delta", {"delta": delta, "usage": usage}, final=True)
        stream.add("message_stop", {})
        return stream.events

    def usage(self, answer: Answer, made: int) -> dict[str, Any]:
        """Input tokens here EXCLUDE what was read from or written to the cache."""
        usage = answer.usage
        written = usage.cache_write_input_tokens
        hour = usage.cache_write_1h_input_tokens
        thought = min(usage.reasoning_output_tokens, made)
        return {
            "input_tokens": usage.input_tokens - usage.cache_read_input_tokens - written,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": usage.cache_read_input_tokens,
            "cache_creation": {"ephemeral_5m_input_tokens": written - hour, "ephemeral_1h_input_tokens": hour},
            "output_tokens": made,
            **({"output_tokens_details": {"thinking_tokens": thought}} if thought else {}),
            "service_tier": "standard",
        }

    def error(self, error: Rejected, request_id: str) -> dict[str, Any]:
        return anthropic_body(error, request_id)

    def error_event(self, error: Rejected, request_id: str, made: int) -> Event:
        return Event(name="error", data=anthropic_body(error, request_id), made=made)


def _head(answer: Answer) -> dict[str, Any]:
    return {"id": answer.id, "type": "message", "role": "assistant", "model": answer.ask.prompt.model}


def stop_reason(output: Output) -> str:
    return "max_tokens" if output.cut else "tool_use" if output.calls else "end_turn"


def _content(answer: Answer, output: Output) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    if output.thoughts:
        content.append({"type": "thinking", "thinking": output.thought, "signature": _signature(answer)})
    if output.pieces:
        content.append({"type": "text", "text": output.text})
    content += [_tool_use(call) for call in output.calls]
    return content


def _tool_use(call: Call) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:  # cut by the cap
        arguments = {}
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}


def _signature(answer: Answer) -> str:
    return b64encode(blake2b(answer.id.encode(), digest_size=48).digest()).decode()


def _cumulative(usage: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in usage.items() if name.endswith(("_tokens", "_details"))}


class _Events:
    """The events of one stream as they are put together; keeps count of blocks and tokens."""

    def __init__(self, tokens_per_event: int) -> None:
        self.events: list[Event] = []
        self._made = 0
        self._blocks = 0
        self._tokens_per_event = tokens_per_event

    def add(self, kind: str, data: dict[str, Any], *, tokens: int = 0, final: bool = False) -> None:
        self._made += tokens
        event = Event(name=kind, data={"type": kind, **data}, made=self._made, content=tokens > 0, final=final)
        self.events.append(event)

    def thinking(self, output: Output, signature: str) -> None:
        self._open({"type": "thinking", "thinking": "", "signature": ""})
        self._deltas("thinking_delta", "thinking", output.thoughts)
        self._delta({"type": "signature_delta", "signature": signature})
        self._close()

    def text(self, output: Output) -> None:
        self._open({"type": "text", "text": ""})
        self._deltas("text_delta", "text", output.pieces)
        self._close()

    def call(self, call: Call) -> None:
        self._open({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, call.opening_tokens)
        self._delta({"type": "input_json_delta", "partial_json": ""})
        self._deltas("input_json_delta", "partial_json", call.pieces)
        self._close()

    def _open(self, block: dict[str, Any], tokens: int = 0) -> None:
        self.add("content_block_start", {"index": self._blocks, "content_block": block}, tokens=tokens)
        if self._blocks == 0:
            self.add("ping", {})

    def _deltas(self, kind: str, field: str, pieces: tuple[Piece, ...]) -> None:
        for piece in gathered(pieces, self._tokens_per_event):
            self._delta({"type": kind, field: piece.text}, piece.tokens)

    def _delta(self, delta: dict[str, Any], tokens: int = 0) -> None:
        self.add("content_block_delta", {"index": self._blocks, "delta": delta}, tokens=tokens)

    def _close(self) -> None:
        self.add("content_block_stop", {"index": self._blocks})
        self._blocks += 1
