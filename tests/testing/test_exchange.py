"""Keys, bodies and models at the door."""

import httpx2
import pytest

from farthing.testing import Settings, SimulatedProvider
from support.simulated import ANTHROPIC, BODIES, OPENAI, chat_body, messages_body, post


@pytest.fixture
def strict():
    settings = Settings(keys=("sk-good",), models=("gpt-4o-mini", "claude-haiku-4-5"), largest_body=2_000)
    with SimulatedProvider(settings).in_thread() as running:
        yield running


def test_a_key_must_be_given_and_be_right(strict):
    wrong = post(strict, "/v1/chat/completions", chat_body(), authorization="Bearer sk-wrong-key")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
    assert "sk-***-key" in wrong.json()["error"]["message"]
    none = post(strict, "/v1/chat/completions", chat_body(), authorization="")
    assert (none.status_code, none.json()["error"]["code"]) == (401, None)
    assert post(strict, "/v1/chat/completions", chat_body(), authorization="Bearer sk-good").status_code == 200


def test_anthropic_has_its_own_words_for_keys(strict):
    wrong = post(strict, "/v1/messages", messages_body(), **{"x-api-key": "no"})
    assert (wrong.status_code, wrong.json()["error"]) == (
        401,
        {"type": "authentication_error", "message": "invalid x-api-key"},
    )
    none = post(strict, "/v1/messages", messages_body(), **{"x-api-key": ""})
    assert none.json()["error"]["message"] == "x-api-key header is required"
    good = post(strict, "/v1/messages", messages_body(), **{"x-api-key": "", "authorization": "Bearer sk-good"})
    assert good.status_code == 200


def test_a_model_that_is_not_there_is_a_404(strict):
    openai = post(strict, "/v1/chat/completions", chat_body(model="gpt-9"), authorization="Bearer sk-good")
    assert (openai.status_code, openai.json()["error"]["code"]) == (404, "model_not_found")
    anthropic = post(strict, "/v1/messages", messages_body(model="claude-9"), **{"x-api-key": "sk-good"})
    assert (anthropic.status_code, anthropic.json()["error"]) == (
        404,
        {"type": "not_found_error", "message": "model: claude-9"},
    )


def test_a_body_that_is_too_long_is_a_413(strict):
    answer = post(strict, "/v1/messages", messages_body(system="x" * 3_000), **{"x-api-key": "sk-good"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")
    assert post(strict, "/v1/chat/completions", b"[" * 3_000, authorization="Bearer sk-good").status_code == 413


def test_only_the_named_models_are_listed(strict):
    with httpx2.Client(trust_env=False, verify=False) as client:
        openai = client.get(f"{strict.url}/v1/models", headers={"authorization": "Bearer sk-good"}).json()
        anthropic = client.get(f"{strict.url}/v1/models", headers={**ANTHROPIC, "x-api-key": "sk-good"}).json()
    assert [model["id"] for model in openai["data"]] == ["gpt-4o-mini"]
    assert (anthropic["first_id"], anthropic["has_more"]) == ("claude-haiku-4-5", False)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"a": NaN}', b'"\\ud800"', b"[" * 5_000, b"\xff"])
def test_what_is_no_json_object_is_refused(provider, path, body):
    answer = post(provider, path, body)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]["message"]
    assert [entry.outcome for entry in provider.bill] == ["refused"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", chat_body(messages=["hi"])),
        ("/v1/chat/completions", chat_body(tools=[1])),
        ("/v1/responses", {"model": "gpt-4o", "input": [1]}),
        ("/v1/messages", messages_body(system=5)),
        ("/v1/messages", messages_body(tools={"a": 1})),
        ("/v1/chat/completions", chat_body(messages=[{"role": "user", "content": "[[sim tokens=x]]"}])),
        ("/v1/chat/completions", chat_body(model="gpt-4o@nonsense")),
    ],
)
def test_what_has_the_wrong_shape_is_a_400_and_never_a_500(provider, path, body):
    answer = post(provider, path, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_anthropic_wants_its_version(provider):
    with httpx2.Client(trust_env=False, verify=False) as client:
        answer = client.post(f"{provider.url}/v1/messages", json=messages_body(), headers={"x-api-key": "k"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "anthropic-version: header is required")


def test_every_answer_names_its_request(provider):
    assert post(provider, "/v1/chat/completions", chat_body()).headers["x-request-id"].startswith("req_")
    refused = post(provider, "/v1/messages", b"{")
    assert refused.headers["request-id"] == refused.json()["request_id"]


def test_requests_are_kept_as_they_arrived(provider):
    post(
        provider,
        "/v1/chat/completions",
        b'{"model":  "gpt-4o","messages":[{"role":"user","content":"hi"}]}',
        **{"x-own": "yes"},
    )
    request = provider.requests[-1]
    assert request.body == b'{"model":  "gpt-4o","messages":[{"role":"user","content":"hi"}]}'
    assert (request.path, request.headers["x-own"], request.headers["authorization"]) == (
        "/v1/chat/completions",
        "yes",
        OPENAI["authorization"],
    )
