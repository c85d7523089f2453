"""Counting: text as token ids, exactly with o200k where quicktok is installed, else four bytes a token.

Both are deterministic and never count more tokens than the text has UTF-8 bytes.
"""

from array import array
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from hashlib import blake2b
from typing import TypeAlias

Tokens: TypeAlias = "array[int]"
"""Token ids, eight bytes each. Shared between requests, so never changed in place."""

_TEMPLATE = -1
"""The id of a token that the provider's template adds around messages; no text has it."""

MESSAGE_OVERHEAD = 3
"""Tokens the chat template puts around each message (OpenAI's published counting recipe)."""
PRIMING = 3
"""Tokens that open the assistant's answer, once a request (same recipe)."""
TOOLS_OVERHEAD = 12
"""Tokens that close a list of functions, once a request (same recipe)."""
ANTHROPIC_TOOLS_OVERHEAD = 346
"""The system prompt Anthropic adds when a request offers tools with `auto` or `none`."""
ANTHROPIC_FORCED_TOOLS_OVERHEAD = 313
"""The same for `any` or a named tool."""


@lru_cache(maxsize=8_192)
def encode(text: str) -> Tokens:
    """The token ids of a text. Remembered, because agents send the same history again and again."""
    return array("q", _encoder()(text))


def count(text: str) -> int:
    """How many tokens a text is."""
    return len(encode(text))


def template(tokens: int) -> Tokens:
    """Tokens of the provider's own template."""
    return array("q", [_TEMPLATE]) * tokens


def picture(content: str, tokens: int) -> Tokens:
    """Ids that stand for something that is not text: as many as it costs, equal only for equal content."""
    digest = int.from_bytes(blake2b(content.encode(), digest_size=6).digest(), "big")
    return array("q", [-2 - digest]) * tokens


def joined(pieces: Iterable[Tokens]) -> Tokens:
    whole = array("q")
    for piece in pieces:
        whole.extend(piece)
    return whole


@cache
def _encoder() -> Callable[[str], Iterable[int]]:
    try:
        import quicktok  # noqa: PLC0415  optional: without it the estimate below takes over
    except ImportError:
        return _quarters
    encode_exactly: Callable[[str], Iterable[int]] = quicktok.get_encoding("o200k_base").encode
    return encode_exactly


def _quarters(text: str) -> list[int]:
    """One token for every four bytes begun."""
    data = text.encode()
    return [int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4)]
