"""What a client of a provider may ask in process: calls that are held and settled, what is free, and what is refused."""

import re
from typing import NamedTuple

from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.dialect import Dialect
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.openai.embeddings import EmbeddingsDialect
from farthing.wire.openai.responses import ResponsesDialect

_CALLS: dict[str, tuple[tuple[str, Dialect], ...]] = {
    "openai": (
        ("/chat/completions", ChatDialect()),
        ("/responses", ResponsesDialect()),
        ("/embeddings", EmbeddingsDialect()),
    ),
    "anthropic": (("/v1/messages", MessagesDialect()),),
}
_FREE = re.compile(
    r".*/(?:messages/count_tokens|responses/input_tokens|uploads(?:/[^/]+/(?:parts|complete|cancel))?|(?:v\d\w*|openai)/files"
    r"|(?:responses|batches|messages/batches|fine_tuning/jobs|file_batches|runs|chatkit/sessions)/[^/]+/cancel"
    r"|fine_tuning/jobs/[^/]+/pause|(?:realtime/calls|live/sessions)/[^/]+/(?:hangup|reject))"
)
"""Paths that providers do not bill, whatever is posted there; stopping what costs is among them. Named whole: Anthropic's
`/v1/complete` is a call, and files that go into a vector store or a container are billed there."""
_FREE_AT_OPENAI = re.compile(r".*/(?:moderations|conversations(?:/[^/]+(?:/items)?)?)")
"""Others have these paths too and bill them: with Mistral, a conversation is a call and a moderation has its price."""
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


def is_free(method: str, path: str, provider: str) -> bool:
    """Whether this costs nothing at the provider, named as in the price book, so that it may go on as it is."""
    if method in _READING:
        return True
    if method != "POST":
        return False
    return _FREE.fullmatch(path) is not None or (provider == "openai" and _FREE_AT_OPENAI.fullmatch(path) is not None)


def dialect_of(format: str) -> Dialect:
    """The dialect in which clients of this format expect errors."""
    return _CALLS[format][0][1]
