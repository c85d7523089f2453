"""Which requests are calls, which are free, and which are neither."""

import pytest

from farthing.sdk.routes import call_of, dialect_of, is_free


@pytest.mark.parametrize(
    ("format", "path", "base", "own"),
    [
        ("openai", "/v1/chat/completions", "/v1", "/chat/completions"),
        ("openai", "/openai/deployments/gpt/chat/completions", "/openai/deployments/gpt", "/chat/completions"),
        ("openai", "/v1/responses", "/v1", "/responses"),
        ("openai", "/v1/embeddings", "/v1", "/embeddings"),
        ("anthropic", "/v1/messages", "", "/v1/messages"),
    ],
)
def test_a_call_is_known_by_the_end_of_its_path(format, path, base, own):
    found = call_of(format, "POST", path)
    assert (found.base, found.own) == (base, own)
    assert call_of(format, "GET", path) is None


@pytest.mark.parametrize(
    "path",
    [
        "/v1/images/generations",
        "/v1/messages/batches",
        "/v1/batches",
        "/v1/completions",
        "/v1/complete",
        "/v1/vector_stores/vs_1/files",
        "/v1/containers/c_1/files",
        "/v1/fine_tuning/jobs",
    ],
)
def test_what_may_cost_is_no_call_and_not_free(path):
    assert call_of("openai", "POST", path) is None
    assert call_of("anthropic", "POST", path) is None
    assert not is_free("POST", path, "openai")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models"),
        ("POST", "/v1/files"),
        ("POST", "/v1/uploads"),
        ("POST", "/v1/uploads/u_1/complete"),
        ("POST", "/v1/moderations"),
        ("POST", "/v1/responses/r_1/cancel"),
        ("POST", "/v1/responses/input_tokens"),
        ("POST", "/v1/messages/count_tokens"),
    ],
)
def test_what_no_provider_bills_is_free(method, path):
    assert is_free(method, path, "openai")


def test_errors_are_in_the_clients_own_dialect():
    assert b'"type":"error"' in dialect_of("anthropic").error(status=400, message="m", code="c")
