"""One message of Gemini's answer, whole or as a chunk of a stream: what of it decides about money."""

from typing import Any

import msgspec

from farthing.wire.gemini.models import searches_billed
from farthing.wire.lenient import NOTHING


class Part(msgspec.Struct, frozen=True, rename="camel"):
    """A piece of output."""

    text: str | None = None
    function_call: msgspec.Raw = NOTHING
    inline_data: msgspec.Raw = NOTHING
    executable_code: msgspec.Raw = NOTHING
    code_execution_result: msgspec.Raw = NOTHING

    @property
    def size(self) -> int:
        """Bytes of output, about; 0 where there is none."""
        if self.text:
            return len(self.text) if self.text.isascii() else len(self.text.encode())
        held = (self.function_call, self.inline_data, self.executable_code, self.code_execution_result)
        return sum(len(bytes(each)) for each in held if each != NOTHING)


class Content(msgspec.Struct, frozen=True):
    parts: tuple[Part, ...] | None = None


class _Grounding(msgspec.Struct, frozen=True, rename="camel"):
    web_search_queries: tuple[Any, ...] | None = None


class Candidate(msgspec.Struct, frozen=True, rename="camel"):
    content: Content | None = None
    finish_reason: str | None = None
    index: int | None = None
    grounding_metadata: _Grounding | None = None

    @property
    def size(self) -> int:
        """Bytes of output, about."""
        return sum(part.size for part in (self.content and self.content.parts) or ())

    @property
    def queries(self) -> int:
        """Searches that it is grounded in."""
        return len((self.grounding_metadata and self.grounding_metadata.web_search_queries) or ())


class _Feedback(msgspec.Struct, frozen=True, rename="camel"):
    block_reason: str | None = None


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """A whole answer, or one chunk."""

    candidates: tuple[Candidate, ...] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: msgspec.Raw = NOTHING
    model_version: str | None = None
    response_id: str | None = None
    error: Any = None

    @property
    def blocked(self) -> str:
        """Why the prompt got no candidate; "" where nothing says so."""
        return (self.prompt_feedback and self.prompt_feedback.block_reason) or ""

    @property
    def size(self) -> int:
        """Bytes of output, about."""
        return sum(candidate.size for candidate in self.candidates or ())


read_message = msgspec.json.Decoder(Message).decode
"""Raises what is `UNREADABLE`."""


def finish_of(reasons: list[str]) -> str:
    """One word for all candidates: `MAX_TOKENS` if any was cut, else the first's."""
    return "MAX_TOKENS" if "MAX_TOKENS" in reasons else next((reason for reason in reasons if reason), "")


def searches_of(candidates: tuple[Candidate, ...] | None, model: str) -> int:
    """Searches on the bill of an answer by this model."""
    return searches_billed(model, sum(candidate.queries for candidate in candidates or ()))


def kind_of(error: object) -> str:
    """Google's word for the error in an answer, else its code. Never its message."""
    if type(error) is dict:
        return str(error.get("status") or error.get("code") or "error")
    return "error"
