"""The Anthropic Messages dialect: requests, whole answers, and the free token count."""

from collections.abc import Iterator
from typing import Any

import msgspec

from farthing.domain.errors import BadRequest
from farthing.domain.record import Skeleton
from farthing.domain.refusal import Refusal
from farthing.wire.anthropic import edits, errors
from farthing.wire.anthropic.asked import asked_of
from farthing.wire.anthropic.content import gather_prompt
from farthing.wire.anthropic.history import history_of
from farthing.wire.anthropic.messages_stream import MessagesStream
from farthing.wire.anthropic.skeleton import skeleton_of
from farthing.wire.anthropic.tools import gather_tools
from farthing.wire.anthropic.usage import canonical, read_reported
from farthing.wire.dialect import Answered, CountRequest
from farthing.wire.gathered import Gathered
from farthing.wire.history import History, ToolUse
from farthing.wire.lenient import NOTHING, UNREADABLE
from farthing.wire.strict import Body, read_object, write

ROOM_TO_THINK = 2_048
"""Under a cap of ours that is smaller, a model that may think as long as it likes does not think: thinking counts as output."""
MIN_THINKING = 1_024
"""The smallest `budget_tokens` that Anthropic accepts; it must also stay below `max_tokens` ("Extended thinking")."""
_ROOM_TO_ANSWER = 256
"""Output tokens left beside a thinking budget that we lower, where there is room for both."""

_COUNTABLE = frozenset(
    {
        *("cache_control", "compaction", "context_management", "mcp_servers", "messages", "model", "output_config"),
        *("output_format", "speed", "system", "thinking", "tool_choice", "tools"),
    }
)
"""What `/v1/messages/count_tokens` accepts."""


class MessagesDialect:
    """`Dialect` of `POST /v1/messages`. Stateless."""

    name = "anthropic-messages"
    format = "anthropic"

    def read(self, body: bytes) -> "MessagesDraft":
        """Also reads the body of a count request, which has no `max_tokens`."""
        return MessagesDraft(read_object(body))

    def answered(self, body: bytes) -> Answered:
        try:
            answer = _decode_answer(body)
        except UNREADABLE as error:
            return Answered(usage=None, flaw=f"the answer cannot be read: {error}")
        if answer.type == "error" or answer.error is not None:
            return Answered(usage=None, failed=(answer.error and answer.error.type) or "api_error")
        return _answered(answer)

    def refusal(self, refusal: Refusal) -> bytes:
        return errors.refusal(refusal)

    def error(self, *, status: int, message: str, code: str = "", field: str = "") -> bytes:
        return errors.error(status=status, message=message, code=code, field=field)

    def stream_error(self, *, message: str, code: str) -> bytes:
        return errors.stream_error(message=message, code=code)


class MessagesDraft:
    """`Draft` of one Messages request."""

    __slots__ = ("_body", "_found", "_history", "asked")

    def __init__(self, body: Body) -> None:
        self._body = body
        self._history: History | None = None
        self._found = found = Gathered()
        gather_tools(found, body.value)
        gather_prompt(found, body.value)
        self.asked = asked_of(body.value, found)

    def skeleton(self, key: bytes) -> Skeleton:
        return skeleton_of(self._body.value, self._found, key)

    def history(self) -> tuple[ToolUse, ...]:
        return self._told().uses()

    def turns(self) -> int:
        return self._told().turns

    def words(self) -> int:
        return self._told().words

    def texts(self) -> Iterator[str]:
        return self._found.texts()

    def template_tokens(self) -> None:
        """Not published."""

    def saying(self, text: str) -> "MessagesDraft":
        edited = edits.saying(self._body.value, text)
        return self if edited is self._body.value else MessagesDraft(Body(edited, b"", canonical=False))

    def closing(self) -> "MessagesDraft":
        return MessagesDraft(Body(edits.closing(self._body.value), b"", canonical=False))

    def carrier(self) -> str:
        return edits.carrier(self._body.value)

    def outbound(self, *, model: str, cap: int | None) -> bytes:
        """Raises BadRequest naming `thinking.budget_tokens` where thinking does not fit under the cap."""
        value = self._body.value
        changed: dict[str, Any] = {}
        if value["model"] != model:
            changed["model"] = model
        if cap is not None and value.get("max_tokens") != cap:
            changed["max_tokens"] = cap
        budget = self.asked.thinking
        if cap is not None and budget is not None and budget >= cap:
            changed["thinking"] = {**value["thinking"], "budget_tokens": _lowered(cap)}
        elif cap is not None and cap < ROOM_TO_THINK and cap != self.asked.cap:
            changed |= edits.thoughtless(value)
        return write({**value, **changed}) if changed else self._body.encode()

    def count_body(self, *, model: str) -> bytes:
        """The body of a token count for this request: the fields that count, in their own order, for this model."""
        value = self._body.value
        return write({key: model if key == "model" else value[key] for key in value if key in _COUNTABLE})

    def count_request(self, *, model: str, path: str) -> CountRequest:  # noqa: ARG002 - it has a place of its own
        return CountRequest("/v1/messages/count_tokens", self.count_body(model=model))

    def counted(self, body: bytes) -> int | None:
        return counted(body)

    def stream(self) -> MessagesStream:
        return MessagesStream(hour_only=self._found.ttls == {"1h"})

    def _told(self) -> History:
        if self._history is None:
            self._history = history_of(self._body.value)
        return self._history


def counted(body: bytes) -> int | None:
    """The answer to a token count, or None where it is none."""
    try:
        return _decode_count(body).input_tokens
    except UNREADABLE:
        return None


def _lowered(cap: int) -> int:
    """The largest thinking budget that leaves room to answer."""
    if cap <= MIN_THINKING:
        raise BadRequest(
            f"thinking.budget_tokens must be at least {MIN_THINKING} and below the output cap, and the budget leaves "
            f"only {cap} output tokens. Turn thinking off for this call, or raise the budget.",
            field="thinking.budget_tokens",
        )
    return max(MIN_THINKING, cap - _ROOM_TO_ANSWER)


class _Error(msgspec.Struct, frozen=True):
    type: str = ""


class _Answer(msgspec.Struct, frozen=True):
    type: str | None = None
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: msgspec.Raw = NOTHING
    content: msgspec.Raw = msgspec.Raw(b"[]")
    error: _Error | None = None


class _Count(msgspec.Struct, frozen=True):
    input_tokens: int


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_count = msgspec.json.Decoder(_Count).decode


def _answered(answer: _Answer) -> Answered:
    known = Answered(usage=None, model=answer.model or "", id=answer.id or "", finish=answer.stop_reason or "")
    if answer.usage == NOTHING:
        return known
    try:
        reported = read_reported(answer.usage)
    except UNREADABLE as error:
        return msgspec.structs.replace(known, flaw=f"usage cannot be read: {error}")
    usage, flaw = canonical(reported, observed=bytes(answer.content) != b"[]")
    return msgspec.structs.replace(known, usage=usage, flaw=flaw, tier=reported.tier)
