"""The OpenAI Responses dialect: requests and whole answers."""

from collections.abc import Iterator
from typing import Any

import msgspec

from farthing.domain.record import Skeleton
from farthing.domain.refusal import Refusal
from farthing.wire.dialect import Answered
from farthing.wire.gathered import Gathered
from farthing.wire.history import History, ToolUse
from farthing.wire.lenient import UNREADABLE
from farthing.wire.openai import errors, responses_edits, responses_errors
from farthing.wire.openai.models import ROOM_TO_REASON
from farthing.wire.openai.responses_answer import Response, answered
from farthing.wire.openai.responses_asked import asked_of
from farthing.wire.openai.responses_history import history_of
from farthing.wire.openai.responses_input import gather_prompt
from farthing.wire.openai.responses_skeleton import skeleton_of
from farthing.wire.openai.responses_stream import ResponsesStream
from farthing.wire.openai.responses_tools import gather_tools
from farthing.wire.strict import Body, read_object, write


class ResponsesDialect:
    """`Dialect` of `POST /v1/responses`. Stateless."""

    name = "openai-responses"
    format = "openai"

    def read(self, body: bytes) -> "ResponsesDraft":
        return ResponsesDraft(read_object(body))

    def answered(self, body: bytes) -> Answered:
        """Also reads a response that was fetched later, such as a background one."""
        try:
            return answered(_decode(body))
        except UNREADABLE as error:
            return Answered(usage=None, flaw=f"the answer cannot be read: {error}")

    def refusal(self, refusal: Refusal) -> bytes:
        return errors.refusal_body(refusal)

    def error(self, *, status: int, message: str, code: str = "", field: str = "") -> bytes:
        return errors.error_body(status=status, message=message, code=code, field=field)

    def stream_error(self, *, message: str, code: str) -> bytes:
        return responses_errors.stream_error(message=message, code=code)


class ResponsesDraft:
    """`Draft` of one Responses request."""

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

    def saying(self, text: str) -> "ResponsesDraft":
        edited = responses_edits.saying(self._body.value, text)
        return self if edited is self._body.value else ResponsesDraft(Body(edited, b"", canonical=False))

    def closing(self) -> "ResponsesDraft":
        return ResponsesDraft(Body(responses_edits.closing(self._body.value), b"", canonical=False))

    def carrier(self) -> str:
        return responses_edits.carrier(self._body.value)

    def outbound(self, *, model: str, cap: int | None) -> bytes:
        value = self._body.value
        edits: dict[str, Any] = {}
        if value["model"] != model:
            edits["model"] = model
        if cap is not None and value.get("max_output_tokens") != cap:
            edits["max_output_tokens"] = cap
            if cap < ROOM_TO_REASON:
                edits = responses_edits.hurried({**value, **edits})
        return write({**value, **edits}) if edits else self._body.encode()

    def stream(self) -> ResponsesStream:
        return ResponsesStream()

    def _told(self) -> History:
        if self._history is None:
            self._history = history_of(self._body.value)
        return self._history


_decode = msgspec.json.Decoder(Response).decode
