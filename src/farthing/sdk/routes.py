"""What a client of a provider may ask in process: calls that are held and settled, what is free, and what is refused."""

import re
from typing import NamedTuple

from farthing.wire.anthropic_messages import MessagesDialect
from farthing.wire.dialect import Dialect
from farthing.wire.openai_chat import ChatDialect
from farthing.wire.openai_embeddings import EmbeddingsDialect
from farthing.wire.openai_responses import ResponsesDialect

_CALLS: dict[str, tuple[tuple[str, Dialect], ...]] = {
    "openai": (
        ("/chat/completions", ChatDialect()),
        ("/responses", ResponsesDialect()),
        ("/embeddings", EmbeddingsDialect()),
    ),
    "anthropic": (("/v1/messages", MessagesDialect()),),
}
_FREE = re.compile(
    r".*/(?:moderations|messages/count_tokens|responses/input_tokens|uploads(?:/[^/]+/(?:parts|complete|cancel))?"
    r"|(?:responses|batches|messages/batches)/[^/]+/cancel|(?:v\d\w*|openai)/files)"
)
"""Paths that providers do not bill, whatever is posted there. Named whole: Anthropic's `/v1/complete` is a call, and files
that go into a vector store or a container are billed there."""
_READING = ("GET", "HEAD", "DELETE", "OPTIONS")


class Path(NamedTuple):
    """One address, taken apart."""

    dialect: Dialect
    base: str
    """What stands before the dialect's own path, like `/v1`."""
    own: str
    """The dialect's own path, like `/chat/completions`."""


def call_of(format: str, method: str, path: str) -> Path | None:
    """The call that is made there; None where it is none."""
    if method == "POST":
        for own, dialect in _CALLS[format]:
            if path.endswith(own):
                return Path(dialect, path.removesuffix(own), own)
    return None


def is_free(method: str, path: str) -> bool:
    """Whether this costs nothing at the provider, so that it may go on as it is."""
    return method in _READING or _FREE.fullmatch(path) is not None


def dialect_of(format: str) -> Dialect:
    """The dialect in which clients of this format expect errors."""
    return _CALLS[format][0][1]
