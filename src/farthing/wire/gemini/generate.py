"""The Gemini dialect: `:generateContent` and `:streamGenerateContent`, whole answers, and the free token count."""

from collections.abc import Iterator
from typing import Any

import msgspec

from farthing.domain.record import Skeleton
from farthing.domain.refusal import Refusal
from farthing.wire.dialect import Answered, CountRequest
from farthing.wire.gathered import Gathered
from farthing.wire.gemini import edits, errors
from farthing.wire.gemini.answer import finish_of, kind_of, read_message, searches_of
from farthing.wire.gemini.asked import asked_of, check_model
from farthing.wire.gemini.content import gather_prompt
from farthing.wire.gemini.fields import normal
from farthing.wire.gemini.history import history_of
from farthing.wire.gemini.models import fitting_budget
from farthing.wire.gemini.skeleton import skeleton_of
from farthing.wire.gemini.stream import GenerateStream
from farthing.wire.gemini.tools import gather_tools
from farthing.wire.gemini.usage import canonical, read_reported
from farthing.wire.history import History, ToolUse
from farthing.wire.lenient import NOTHING, UNREADABLE
from farthing.wire.strict import Body, read_object, write

ROOM_TO_THINK = 2_048
"""Under a cap of ours that is smaller, a model that may think as long as it likes thinks as little as it can."""


class GenerateDialect:
    """`Dialect` of one address: Gemini names the model there, and whether to stream. Stateless beyond that."""

    __slots__ = ("_model", "_stream")

    name = "gemini"
    format = "gemini"

    def __init__(self, model: str = "", *, stream: bool = False) -> None:
        """`model` as the address has it, without `models/`."""
        self._model = model
        self._stream = stream

    def read(self, body: bytes) -> "GenerateDraft":
        return GenerateDraft(normal(read_object(body)), self._model, stream=self._stream)

    def answered(self, body: bytes) -> Answered:
        try:
            message = read_message(body)
        except UNREADABLE as error:
            return Answered(usage=None, flaw=f"the answer cannot be read: {error}")
        if message.error is not None:
            return Answered(usage=None, failed=kind_of(message.error))
        reasons = [candidate.finish_reason or "" for candidate in message.candidates or ()]
        model = message.model_version or self._model
        known = Answered(
            usage=None,
            model=message.model_version or "",
            id=message.response_id or "",
            finish=finish_of([*reasons, message.blocked]),
        )
        if message.usage_metadata == NOTHING:
            return known
        try:
            reported = read_reported(message.usage_metadata)
        except UNREADABLE as error:
            return msgspec.structs.replace(known, flaw=f"usageMetadata cannot be read: {error}")
        searches = searches_of(message.candidates, model)
        usage, flaw = canonical(reported, searches=searches, observed=message.size > 0)
        return msgspec.structs.replace(known, usage=usage, flaw=flaw)

    def refusal(self, refusal: Refusal) -> bytes:
        return errors.refusal(refusal)

    def error(self, *, status: int, message: str, code: str = "", field: str = "") -> bytes:
        return errors.error(status=status, message=message, code=code, field=field)

    def stream_error(self, *, message: str, code: str) -> bytes:
        return errors.stream_error(message=message, code=code)


class GenerateDraft:
    """`Draft` of one Gemini request."""

    __slots__ = ("_body", "_found", "_history", "asked")

    def __init__(self, body: Body, model: str, *, stream: bool) -> None:
        self._body = body
        self._history: History | None = None
        self._found = found = Gathered()
        check_model(body.value, model)
        gather_tools(found, body.value)
        gather_prompt(found, body.value)
        self.asked = asked_of(body.value, found, model=model, stream=stream)

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

    def saying(self, text: str) -> "GenerateDraft":
        return self._edited(edits.saying(self._body.value, text))

    def closing(self) -> "GenerateDraft":
        return self._edited(edits.closing(self._body.value, self.asked.model))

    def carrier(self) -> str:
        return edits.carrier(self._body.value)

    def outbound(self, *, model: str, cap: int | None) -> bytes:
        value = self._body.value
        edited = value
        if "model" in value and value["model"] != f"models/{model}":
            edited = {**edited, "model": f"models/{model}"}
        if cap is not None and cap != self.asked.cap:
            edited = _capped(edited, cap)
            thinking = self.asked.thinking
            if thinking is not None and thinking >= cap:
                edited = _thinking(edited, fitting_budget(model, cap))
            elif thinking is None and cap < ROOM_TO_THINK:
                edited = edits.hurried(edited, model)
        return self._body.encode() if edited is value else write(edited)

    def stream(self) -> GenerateStream:
        return GenerateStream(self.asked.model)

    def count_request(self, *, model: str, path: str) -> CountRequest:
        """Google's count of a whole request, its instruction and tools included."""
        where = f"{path.partition('models/')[0]}models/{model}:countTokens"
        return CountRequest(where, write({"generateContentRequest": {**self._body.value, "model": f"models/{model}"}}))

    def counted(self, body: bytes) -> int | None:
        return counted(body)

    def _edited(self, value: dict[str, Any]) -> "GenerateDraft":
        if value is self._body.value:
            return self
        return GenerateDraft(Body(value, b"", canonical=False), self.asked.model, stream=self.asked.stream)

    def _told(self) -> History:
        if self._history is None:
            self._history = history_of(self._body.value)
        return self._history


def counted(body: bytes) -> int | None:
    """The answer to a token count, or None where it is none."""
    try:
        return _decode_count(body).total_tokens
    except UNREADABLE:
        return None


def _capped(body: dict[str, Any], cap: int) -> dict[str, Any]:
    return {**body, "generationConfig": {**(body.get("generationConfig") or {}), "maxOutputTokens": cap}}


def _thinking(body: dict[str, Any], budget: int) -> dict[str, Any]:
    config = body["generationConfig"]
    thinking = {**config["thinkingConfig"], "thinkingBudget": budget}
    return {**body, "generationConfig": {**config, "thinkingConfig": thinking}}


class _Count(msgspec.Struct, frozen=True, rename="camel"):
    total_tokens: int


_decode_count = msgspec.json.Decoder(_Count).decode
