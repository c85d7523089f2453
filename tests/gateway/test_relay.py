"""What bills nothing: lists of models and token counts."""

import pytest

from support.admin import admin, ask

ANTHROPIC = {"anthropic_version": "2023-06-01"}


def test_models_are_the_dialects_own(gateway):
    openai = ask(gateway, "GET", "/v1/models").json()
    assert openai["object"] == "list"
    anthropic = ask(gateway, "GET", "/v1/models?limit=2", **ANTHROPIC).json()
    assert "has_more" in anthropic
    one = ask(gateway, "GET", f"/v1/models/{openai['data'][0]['id']}")
    assert one.json()["id"] == openai["data"][0]["id"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/..%2Ffiles",
        "/v1/models/%2e%2e/files",
        "/v1/models/a%0d%0aX-Evil:%20b",
        "/v1/models/a%3Fkey=b",
        "/v1/modelsfoo",
        "/v1/models/",
        "/v1/models/a b",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused_by_us(one_gateway, path):
    answer = ask(one_gateway, "GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(("only /v1/", "GET /v1/"))


def test_a_count_is_free_and_goes_where_its_model_would(both):
    gateway, provider = both
    body = {"model": "anthropic/claude-haiku-4-5", "messages": [{"role": "user", "content": "hello"}]}
    answer = ask(gateway, "POST", "/v1/messages/count_tokens", body, **ANTHROPIC)
    assert answer.json()["input_tokens"] > 0
    (request,) = provider.requests
    assert b'"claude-haiku-4-5"' in request.body
    assert gateway.posted("all") == gateway.open("all") == 0
    assert admin(gateway, "GET", "/calls")["calls"] == []
