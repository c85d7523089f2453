"""Which paths are calls: each speaks one dialect, and everything that is not listed is governed elsewhere or refused."""

import msgspec

from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.dialect import Dialect
from farthing.wire.gemini.generate import GenerateDialect
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.openai.embeddings import EmbeddingsDialect
from farthing.wire.openai.responses import ResponsesDialect


class Route(msgspec.Struct, frozen=True):
    """One path that costs money."""

    dialect: Dialect
    path: str
    """The path below the provider's base; `{model}` in it stands for the model that is sent."""
    query: str | None = None
    """The query that is sent; None: the caller's own."""


CHAT = ChatDialect()
RESPONSES = ResponsesDialect()
MESSAGES = MessagesDialect()
EMBEDDINGS = EmbeddingsDialect()
GEMINI = GenerateDialect()
"""Of no address: for errors."""

CALLS: dict[str, Route] = {
    "/v1/chat/completions": Route(CHAT, "/chat/completions"),
    "/v1/responses": Route(RESPONSES, "/responses"),
    "/v1/messages": Route(MESSAGES, "/v1/messages"),
    "/v1/embeddings": Route(EMBEDDINGS, "/embeddings"),
}


def dialect_of(path: str) -> Dialect:
    """The dialect in which a client of this path expects its errors."""
    if path.startswith("/v1/messages"):
        return MESSAGES
    if path.startswith("/v1beta/") or (":" in path and path.startswith("/v1/models/")):
        return GEMINI
    route = CALLS.get(path)
    return route.dialect if route else CHAT
