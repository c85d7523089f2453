"""Routes."""

import httpx2
import pytest

from support.simulated import ANTHROPIC, OPENAI, chat_body, messages_body, post


@pytest.mark.parametrize(
    ("method", "path", "headers", "kind"),
    [
        ("GET", "/v1/chat/completions", OPENAI, "invalid_request_error"),
        ("POST", "/v1/nothing", OPENAI, "invalid_request_error"),
        ("POST", "/v1/messages/nothing", ANTHROPIC, "not_found_error"),
        ("GET", "/", OPENAI, "invalid_request_error"),
    ],
)
def test_other_routes_do_not_exist(provider, method, path, headers, kind):
    with httpx2.Client(trust_env=False, verify=False) as client:
        answer = client.request(method, f"{provider.url}{path}", headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, kind)
    assert len(provider.bill) == 0


def test_models_are_listed_in_the_shape_of_who_asks(provider):
    with httpx2.Client(trust_env=False, verify=False) as client:
        openai = client.get(f"{provider.url}/v1/models", headers=OPENAI).json()
        anthropic = client.get(f"{provider.url}/v1/models", headers=ANTHROPIC).json()
        one = client.get(f"{provider.url}/v1/models/gpt-4o", headers=OPENAI).json()
    assert openai["object"] == "list"
    assert all(model["object"] == "model" for model in openai["data"])
    assert {model["type"] for model in anthropic["data"]} == {"model"}
    assert (one["id"], one["owned_by"]) == ("gpt-4o", "openai")


def test_every_request_is_on_the_bill_with_what_it_asked(provider):
    post(provider, "/v1/chat/completions", chat_body(max_tokens=9, stream=True))
    post(provider, "/v1/messages", messages_body(max_tokens=0))
    answered, refused = provider.bill.entries
    assert (answered.dialect, answered.model, answered.cap, answered.stream) == ("openai-chat", "gpt-4o-mini", 9, True)
    assert (answered.outcome, answered.status, answered.key) == ("answered", 200, "test")
    assert answered.picos == answered.usage.input_tokens * 150_000 + 9 * 600_000
    assert (refused.dialect, refused.outcome, refused.status, refused.picos) == (
        "anthropic-messages",
        "refused",
        400,
        0,
    )


def test_a_model_without_a_price_is_billed_in_tokens_only(provider):
    post(provider, "/v1/chat/completions", chat_body(model="gpt-4.1"))
    assert (provider.bill.entries[0].usage.output_tokens, provider.bill.entries[0].nanos) == (100, None)


def test_counting_ignores_the_models_own_fault_but_checks_the_rules(provider):
    body = {name: value for name, value in messages_body(model="claude-haiku-4-5@429").items() if name != "max_tokens"}
    assert post(provider, "/v1/messages/count_tokens", body).json()["input_tokens"] > 0
    assert post(provider, "/v1/messages/count_tokens", {"model": "claude-haiku-4-5"}).status_code == 400
