"""The OpenAI embeddings dialect: text in, vectors out. Nothing is capped, because there are no output tokens."""

from collections.abc import Iterator
from itertools import repeat
from typing import Any, NoReturn

import msgspec

from farthing.domain.errors import BadRequest
from farthing.domain.record import MessageShape, Skeleton
from farthing.domain.refusal import Refusal
from farthing.wire.dialect import Answered, Asked
from farthing.wire.digests import digest
from farthing.wire.fields import boolean, needed_text, wrong
from farthing.wire.gathered import utf8_length
from farthing.wire.history import ToolUse
from farthing.wire.openai import errors
from farthing.wire.openai.attribution import attribution
from farthing.wire.openai.usage import Reported, canonical
from farthing.wire.strict import Body, read_object, write

_PER_INPUT = 3
"""Models with a template of their own put one token before and one after each input."""


class EmbeddingsDialect:
    """`Dialect` of `POST /v1/embeddings`. Stateless."""

    name = "openai-embeddings"
    format = "openai"

    def read(self, body: bytes) -> "EmbeddingsDraft":
        return EmbeddingsDraft(read_object(body))

    def answered(self, body: bytes) -> Answered:
        try:
            answer = _decode_answer(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Answered(usage=None, flaw=f"the answer cannot be read: {error}")
        usage, flaw = canonical(answer.usage) if answer.usage is not None else (None, "")
        return Answered(usage=usage, flaw=flaw, model=answer.model or "", failed=errors.kind_of(answer.error))

    def refusal(self, refusal: Refusal) -> bytes:
        return errors.refusal_body(refusal)

    def error(self, *, status: int, message: str, code: str = "", field: str = "") -> bytes:
        return errors.error_body(status=status, message=message, code=code, field=field)

    def stream_error(self, *, message: str, code: str) -> bytes:
        return errors.stream_error_event(message=message, code=code)


class EmbeddingsDraft:
    """`Draft` of one embeddings request."""

    __slots__ = ("_body", "_inputs", "asked")

    def __init__(self, body: Body) -> None:
        value = body.value
        if boolean(value, "stream"):
            raise BadRequest("stream must be false: embeddings are not streamed.", field="stream")
        self._body = body
        self._inputs = _inputs(value.get("input"))
        self.asked = Asked(
            model=needed_text(value, "model"),
            cap=0,
            text_bytes=self._size(),
            overhead_tokens=_PER_INPUT * len(self._inputs),
            attribution=attribution(value),
        )

    def skeleton(self, key: bytes) -> Skeleton:
        """All inputs together are one message."""
        size = self._size()
        shape = MessageShape("input", digest(key, self._body.value["input"]), size)
        return Skeleton(messages=(shape,), text_bytes=size, deterministic=True)

    def history(self) -> tuple[ToolUse, ...]:
        """Nothing is said back and forth."""
        return ()

    def turns(self) -> int:
        return 0

    def words(self) -> int:
        return 0

    def texts(self) -> Iterator[str]:
        """Token arrays have no text: each of their tokens is one letter, by itself."""
        for each in self._inputs:
            yield from (each,) if isinstance(each, str) else repeat("a", len(each))

    def template_tokens(self) -> None:
        """Not published."""

    def saying(self, text: str) -> "EmbeddingsDraft":  # noqa: ARG002 - there is nobody to read it
        return self

    def closing(self) -> "EmbeddingsDraft":
        return self

    def carrier(self) -> str:
        return ""

    def outbound(self, *, model: str, cap: int | None) -> bytes:  # noqa: ARG002 - there is no output to cap
        value = self._body.value
        return self._body.encode() if value["model"] == model else write({**value, "model": model})

    def stream(self) -> NoReturn:
        raise AssertionError("embeddings are never streamed")

    def _size(self) -> int:
        """UTF-8 bytes of texts, and one for each token of a token array."""
        return sum(utf8_length(each) if isinstance(each, str) else len(each) for each in self._inputs)


def _inputs(given: object) -> list[str | list[int]]:
    """The inputs of a request: one string, a list of strings, one list of token numbers, or a list of those."""
    if type(given) is str:
        return [given]
    if type(given) is not list or not given:
        raise wrong("input", "a string, or a list of strings or of token numbers, that is not empty")
    if type(given[0]) is int:
        return [_tokens(given, "input")]
    return [each if type(each) is str else _tokens(each, f"input[{at}]") for at, each in enumerate(given)]


def _tokens(given: Any, where: str) -> list[int]:
    if type(given) is not list or set(map(type, given)) != {int}:
        raise wrong(where, "a string or a list of token numbers")
    return given


class _Answer(msgspec.Struct, frozen=True):
    model: str | None = None
    usage: Reported | None = None
    error: Any = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
