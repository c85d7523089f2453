"""Exact token counts, offline, for models whose tokenizer is public: OpenAI's `o200k` and `cl100k`.

The count is of the texts; what the provider's template adds around them is the caller's overhead. It needs the
optional package `quicktok-v1`; without it, or for a text that has no tokens (a lone surrogate), there is no count and
the bound stays bytes. Special tokens like `<|endoftext|>` are counted as the text that they are to the provider.
"""

from collections.abc import Iterable
from functools import cache
from typing import Protocol, cast

from farthing.domain.model import ModelFacts

MOST_CHARACTERS = 8 * 1024 * 1024
"""Longer bodies are not counted: at about 50 MB/s this is already 160 ms of one core."""
ENCODINGS = {"o200k": "o200k_base", "cl100k": "cl100k_base"}
JOINT = 2
"""Two texts that the template joins without a mark between them may take this many more tokens together than apart
(the most seen in 400,000 cuts at random places of code and prose)."""


class Tokenizer(Protocol):
    """What is needed of a tokenizer."""

    def count(self, text: str) -> int: ...


def exact_count(
    texts: Iterable[str], facts: ModelFacts, *, overhead_tokens: int = 0, apart: bool = False
) -> int | None:
    """The most tokens these texts are to the model, with the template's overhead; None where they cannot be counted.

    `apart` says that the template puts special tokens between all of them, so that none can join another.

    CPU-bound: about 20 ms per megabyte, so count large bodies off the event loop.
    """
    tokenizer = tokenizer_of(facts)
    if tokenizer is None:
        return None
    total, length, joints = overhead_tokens, 0, -1
    for text in texts:
        length += len(text)
        if length > MOST_CHARACTERS:
            return None
        try:
            total += tokenizer.count(text)
        except (TypeError, UnicodeError):  # a lone surrogate: no UTF-8, no tokens
            return None
        joints += 1
    return total if apart else total + JOINT * max(joints, 0)


def tokenizer_of(facts: ModelFacts) -> Tokenizer | None:
    """The model's public tokenizer, loaded on first use (half a second, 80 MB); None where it has none or the package is missing."""
    encoding = ENCODINGS.get(facts.tokenizer or "")
    return None if encoding is None else _load(encoding)


@cache
def _load(encoding: str) -> Tokenizer | None:
    try:
        import quicktok  # noqa: PLC0415 - optional, and seldom needed
    except ImportError:
        return None
    return cast("Tokenizer", quicktok.get_encoding(encoding))
