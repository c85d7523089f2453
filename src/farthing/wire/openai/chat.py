"""The OpenAI Chat Completions dialect: requests and whole answers."""

from collections.abc import Iterator
from typing import Any

import msgspec

from farthing.domain.record import Skeleton
from farthing.domain.refusal import Refusal
from farthing.wire.dialect import Answered
from farthing.wire.gathered import Gathered
from farthing.wire.history import History, ToolUse
from farthing.wire.openai import chat_edits, errors
from farthing.wire.openai.chat_asked import read_asked
from farthing.wire.openai.chat_history import history_of
from farthing.wire.openai.chat_prompt import template_tokens
from farthing.wire.openai.chat_skeleton import skeleton_of
from farthing.wire.openai.chat_stream import OUTPUT, ChatStream
from farthing.wire.openai.models import CAP_FIELDS, ROOM_TO_REASON, cap_field, said_by
from farthing.wire.openai.usage import SERVED, Reported, believed, read_reported, usual
from farthing.wire.strict import Body, read_object, write


class ChatDialect:
    """`Dialect` of `POST /v1/chat/completions`. Stateless."""

    name = "openai-chat"
    format = "openai"

    def read(self, body: bytes) -> "ChatDraft":
        return ChatDraft(read_object(body))

    def answered(self, body: bytes) -> Answered:
        try:
            return _answered(_decode_answer(body))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _answered_in_parts(body)

    def refusal(self, refusal: Refusal) -> bytes:
        return errors.refusal_body(refusal)

    def error(self, *, status: int, message: str, code: str = "", field: str = "") -> bytes:
        return errors.error_body(status=status, message=message, code=code, field=field)

    def stream_error(self, *, message: str, code: str) -> bytes:
        return errors.stream_error_event(message=message, code=code)


class ChatDraft:
    """`Draft` of one Chat Completions request."""

    __slots__ = ("_body", "_found", "_history", "asked")

    def __init__(self, body: Body) -> None:
        self._body = body
        self._history: History | None = None
        self._found = Gathered()
        self.asked = read_asked(body.value, self._found)

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

    def template_tokens(self) -> int | None:
        return template_tokens(self._body.value, self.asked.model)

    def saying(self, text: str) -> "ChatDraft":
        return ChatDraft(Body(chat_edits.saying(self._body.value, text), b"", canonical=False))

    def closing(self) -> "ChatDraft":
        return ChatDraft(Body(chat_edits.closing(self._body.value), b"", canonical=False))

    def carrier(self) -> str:
        return chat_edits.carrier(self._body.value)

    def outbound(self, *, model: str, cap: int | None) -> bytes:
        value = self._body.value
        if self._stands(model, cap):
            return self._body.encode()
        edited = value if value["model"] == model else {**value, "model": model}
        edited = _capped(edited, model, cap)
        if self.asked.stream and not self.asked.wants_usage:
            options = edited.get("stream_options") or {}
            edited = {**edited, "stream_options": {**options, "include_usage": True}}
        if cap is not None and self.asked.thinking is not None and self.asked.thinking >= cap:
            edited = {**edited, "reasoning": {**edited["reasoning"], "max_tokens": _less_than(cap)}}
        elif cap is not None and cap < ROOM_TO_REASON and cap != self.asked.cap:
            edited = chat_edits.hurried(edited)
        return self._body.encode() if edited is value else write(edited)

    def _stands(self, model: str, cap: int | None) -> bool:
        """Whether the body asks for just this already, in the field that the model takes, as nearly all do that name a cap."""
        asked, value = self.asked, self._body.value
        if cap is None or cap != asked.cap or model != asked.model or asked.thinking is not None:
            return False
        if asked.stream and not asked.wants_usage:
            return False
        older, newer = value.get("max_tokens"), value.get("max_completion_tokens")
        return older is None or (newer is None and not said_by(model).only_new_cap)

    def stream(self) -> ChatStream:
        return ChatStream(choices=self.asked.choices, wants_usage=self.asked.wants_usage)

    def _told(self) -> History:
        if self._history is None:
            self._history = history_of(self._body.value)
        return self._history


def _capped(body: dict[str, Any], model: str, cap: int | None) -> dict[str, Any]:
    """The body with this cap (or the caller's own) in exactly one field, where the caller's stood or at the end."""
    older, newer = body.get("max_tokens"), body.get("max_completion_tokens")
    if older is None or newer is None:
        own, used = (newer, "max_completion_tokens") if older is None else (older, "max_tokens")
        field = cap_field(model, None if own is None else used)
        if cap is None or (cap == own and field == used):
            return body
    else:
        cap, field = older if cap is None else cap, cap_field(model, None)
    edited: dict[str, Any] = {}
    for key, value in body.items():
        if key in CAP_FIELDS:
            edited[field] = cap  # a second one falls into the place of the first
        else:
            edited[key] = value
    edited.setdefault(field, cap)
    return edited


def _less_than(cap: int) -> int:
    """A reasoning budget that leaves room to answer under the cap (OpenRouter's `reasoning.max_tokens`)."""
    return max(cap - 256, cap // 2)


class _Choice(msgspec.Struct, frozen=True, gc=False):
    finish_reason: str | None = None
    message: msgspec.Raw = msgspec.Raw(b"null")


class _Answer(msgspec.Struct, frozen=True, gc=False):
    """An answer as every provider writes it, decoded in one go. Fields in the order in which they mostly stand."""

    id: str | None = None
    model: str | None = None
    choices: tuple[_Choice, ...] = ()
    usage: Reported | None = None
    service_tier: str | None = None
    error: Any = None


class _Parts(msgspec.Struct, frozen=True):
    """An answer some part of which is odd: each is read by itself, so that it costs no other."""

    id: Any = None
    model: Any = None
    service_tier: Any = None
    choices: msgspec.Raw = msgspec.Raw(b"[]")
    usage: msgspec.Raw = msgspec.Raw(b"null")
    error: Any = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_parts = msgspec.json.Decoder(_Parts).decode
_decode_message = msgspec.json.Decoder(dict[str, Any] | None).decode
_decode_choices = msgspec.json.Decoder(tuple[_Choice, ...]).decode


def _answered(answer: _Answer, flaw: str = "") -> Answered:
    """`flaw`: why the usage could not even be read."""
    usage, choices = None, answer.choices
    if answer.usage is not None and (usage := usual(answer.usage)) is None:
        usage, flaw = believed(answer.usage)
        if usage is not None and not usage.output_tokens:  # only then is it worth looking whether there is output
            usage, flaw = believed(answer.usage, saw_output=any(map(_has_output, choices)))
    return Answered(
        usage=usage,
        flaw=flaw,
        model=answer.model or "",
        id=answer.id or "",
        finish=(choices[0].finish_reason or "") if len(choices) == 1 else _finish_of(choices),
        tier=SERVED.get(answer.service_tier or "", ""),
        failed=errors.kind_of(answer.error) if answer.error else "",
    )


def _answered_in_parts(body: bytes) -> Answered:
    """The slow way, for what is no answer or has a part of another type than it should."""
    try:
        parts = _decode_parts(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Answered(usage=None, flaw=f"the answer cannot be read: {error}")
    usage, flaw = read_reported(bytes(parts.usage))
    answer = _Answer(
        id=parts.id if type(parts.id) is str else None,
        model=parts.model if type(parts.model) is str else None,
        service_tier=parts.service_tier if type(parts.service_tier) is str else None,
        choices=_choices(parts.choices),
        usage=usage,
        error=parts.error,
    )
    return _answered(answer, flaw)


def _choices(raw: msgspec.Raw) -> tuple[_Choice, ...]:
    try:
        return _decode_choices(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):  # usage may be right all the same
        return ()


def _has_output(choice: _Choice) -> bool:
    try:
        message = _decode_message(choice.message) or {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True  # something is there
    return any(map(message.get, OUTPUT))


def _finish_of(choices: tuple[_Choice, ...]) -> str:
    """One word for all choices: `length` if any was cut, else the first's."""
    reasons = [choice.finish_reason for choice in choices]
    return "length" if "length" in reasons else next((reason for reason in reasons if reason), "")
