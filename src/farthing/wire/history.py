"""The tools that a conversation has used so far, as its request body tells it: what a loop looks like from outside.

Neutral between dialects and free of content: names, digests and whether a result was an error. Bodies come from clients,
so what is odd here is left out, never refused; what the provider refuses is its own affair.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable
from hashlib import blake2b
from itertools import accumulate
from typing import Any

import msgspec

_MARKS = frozenset({"cache_control", "prompt_cache_breakpoint"})
"""Keys of a part that say how it is cached, and move on from one request to the next."""


class ToolUse(msgspec.Struct, frozen=True):
    """One call of a tool, and its result where the body has it."""

    name: str
    arguments: bytes
    """`digest_of_arguments`: equal for arguments that mean the same, whatever the order of their keys."""
    result: bytes | None = None
    """`digest_of_result`; None while the call has no result."""
    error: bool = False
    """The result is an error: it is flagged as one, or `looks_like_error` where there is no flag."""
    id: str = ""
    """As the dialect names the call; not always there, and with some providers not unique."""
    turn: int = 0
    """Which assistant turn of the body made the call, from 1: parallel calls share it."""
    words: int = 0
    """How many things the user had said by then, without those said more than once: where it grows between two calls, the
    user said something new. Programs that drive a model say `Continue.`, and say it again."""


class History:
    """Filled in the order of the body. Calls stay in the order they were made in; results find their call by its id."""

    __slots__ = ("_said", "_unanswered", "_uses", "turns")

    def __init__(self) -> None:
        self.turns = 0
        """Assistant turns begun so far."""
        self._said: list[str] = []
        self._uses: list[ToolUse] = []
        self._unanswered: dict[str, deque[int]] = {}

    @property
    def words(self) -> int:
        """Things that the user has said so far, without those said more than once."""
        return self._news()[-1]

    def hear(self, content: Any) -> None:
        """Add what the user said."""
        if content:
            self._said.append(text_of(content))

    def call(self, name: str, arguments: Any, *, identity: str, pairs_by: str = "") -> None:
        """Add a call. `pairs_by`: what its result refers to where that is not the id."""
        self._unanswered.setdefault(pairs_by or identity, deque()).append(len(self._uses))
        self._uses.append(
            ToolUse(name, digest_of_arguments(arguments), id=identity, turn=self.turns, words=len(self._said))
        )

    def answer(self, refers_to: str, result: Any, *, error: bool | None = None) -> None:
        """Add a result. It belongs to the first call of that id that has none: ids may come again. `error` None: the
        dialect does not say. A result whose call is not in the body (it was compacted away) is left out."""
        waiting = self._unanswered.get(refers_to)
        if not waiting:
            return
        at, said = waiting.popleft(), text_of(result)
        failed = looks_like_error(said) if error is None else error
        self._uses[at] = msgspec.structs.replace(self._uses[at], result=digest_of_result(said), error=failed)

    def stray(self, refers_to: str, result: Any) -> bool:
        """Add a result whose call is not in the body but known elsewhere: a use without a name. False where the call is
        in the body, and nothing was added."""
        if self._unanswered.get(refers_to):
            return False
        said = text_of(result)
        self._uses.append(
            ToolUse("", b"", digest_of_result(said), looks_like_error(said), refers_to, words=len(self._said))
        )
        return True

    def uses(self) -> tuple[ToolUse, ...]:
        if len(set(self._said)) == len(self._said):
            return tuple(self._uses)
        news = self._news()
        return tuple(msgspec.structs.replace(use, words=news[use.words]) for use in self._uses)

    def _news(self) -> list[int]:
        """After each thing that the user said: how many so far stand only once in the body."""
        times = Counter(self._said)
        return list(accumulate((times[said] == 1 for said in self._said), initial=0))


def digest_of_arguments(arguments: Any) -> bytes:
    """8 bytes of unkeyed BLAKE2b over the arguments, a JSON value or the text of one: as JSON with sorted keys where they
    are JSON, else the text as it is. No arguments at all are `{}`."""
    if arguments is None or arguments == "":
        arguments = {}
    elif type(arguments) is str:
        try:
            return _digest(_write_sorted(_decode(arguments)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _digest(arguments.encode())
    return _digest(_write_sorted(arguments))


def digest_of_result(said: str) -> bytes:
    """8 bytes of unkeyed BLAKE2b over what a tool said."""
    return _digest(said.encode())


def text_of(result: Any) -> str:
    """What a tool said as text: a string is the same as one text part of it, and other parts are their JSON."""
    if result is None:
        return ""
    if type(result) is str:
        return result
    return "\n".join(map(_part, result if type(result) is list else [result]))


def looks_like_error(said: str) -> bool:
    """Whether a result that no flag describes is an error: a JSON object with `error` (not null, false or empty) or with
    `isError` true; or text that begins with the word Error or Exception, with an exception's name and a colon
    (`ValueError: ...`), with Traceback or with "An error occurred", in any case."""
    if said.lstrip()[:1] != "{":
        return _ERROR.match(said) is not None
    if '"error"' not in said and '"isError"' not in said:
        return False
    try:
        value = _decode(said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return bool(value.get("error")) or value.get("isError") is True


def dicts(values: Any) -> Iterable[dict[str, Any]]:
    """The objects of a list; nothing where it is no list."""
    return [value for value in values if type(value) is dict] if type(values) is list else ()


_ERROR = re.compile(
    r"\s*(?:(?:error|exception|traceback)\b|[a-z_.]+(?:error|exception):|an error occurred\b)", re.IGNORECASE
)
_decode = msgspec.json.Decoder().decode
_write_sorted = msgspec.json.Encoder(order="deterministic").encode


def _part(part: Any) -> str:
    if type(part) is dict:
        if type(text := part.get("text")) is str:
            return text
        part = {key: value for key, value in part.items() if key not in _MARKS}
    return _write_sorted(part).decode()


def _digest(written: bytes) -> bytes:
    return blake2b(written, digest_size=8).digest()
