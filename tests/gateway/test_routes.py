"""Which paths are calls, and the dialect of each."""

import pytest

from farthing.gateway.routes import CALLS, CHAT, EMBEDDINGS, MESSAGES, RESPONSES, dialect_of


def test_four_paths_cost_money():
    assert {path: route.dialect.name for path, route in CALLS.items()} == {
        "/v1/chat/completions": "openai-chat",
        "/v1/responses": "openai-responses",
        "/v1/messages": "anthropic-messages",
        "/v1/embeddings": "openai-embeddings",
    }


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/chat/completions", CHAT),
        ("/v1/responses", RESPONSES),
        ("/v1/embeddings", EMBEDDINGS),
        ("/v1/messages", MESSAGES),
        ("/v1/messages/count_tokens", MESSAGES),
        ("/v1/messages/batches", MESSAGES),
        ("/anything", CHAT),
    ],
)
def test_errors_are_told_in_the_dialect_of_the_path(path, dialect):
    assert dialect_of(path) is dialect
