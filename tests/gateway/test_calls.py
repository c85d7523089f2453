"""What of a call goes on to the provider, and what never does."""

import json

from farthing.testing import SimulatedProvider
from support.admin import ADMIN, BUDGET, CALLER, CHAT, KEYS, ask, bearer, chat
from support.gateway import gateway_and_provider, running_gateway


def sent(provider):
    """Everything the provider has seen, as one text."""
    return "\n".join(f"{r.path} {r.headers} {r.body.decode()}" for r in provider.requests)


def test_our_keys_never_leave_and_the_providers_own_is_used(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET + KEYS) as (gateway, provider):
        for header in (bearer(CALLER), {"x_api_key": CALLER}, {"x_goog_api_key": CALLER}):
            assert chat(gateway, x_farthing_labels="user=u", **header).status_code == 200
        message = {"model": "claude-haiku-4-5", "max_tokens": 20, "messages": CHAT["messages"]}
        assert (
            ask(gateway, "POST", "/v1/messages", message, x_api_key=ADMIN, anthropic_version="2023-06-01").status_code
            == 200
        )
        seen = sent(provider)
        headers = [request.headers for request in provider.requests]
    assert CALLER not in seen
    assert ADMIN not in seen
    assert "x-farthing" not in seen
    assert [h["authorization"] for h in headers[:3]] == ["Bearer sk-provider-openai"] * 3
    assert headers[3]["x-api-key"] == "sk-provider-anthropic"
    assert "authorization" not in headers[3]


def test_a_callers_credential_goes_only_to_a_provider_that_has_none_of_ours(tmp_path):
    config = '[store]\nurl = "sqlite:///{folder}/f.db"\n[providers.{name}]\nformat = "openai"\nbase_url = "{url}/v1"\n'
    with SimulatedProvider().in_thread() as provider:
        file = tmp_path / "farthing.toml"
        file.write_text(config.format(folder=tmp_path, name="bare", url=provider.url))
        with running_gateway(file) as gateway:
            assert chat(gateway, authorization="Bearer sk-of-the-caller").status_code == 200
        file.write_text(config.format(folder=tmp_path, name="keyed", url=provider.url) + 'api_key = "sk-ours"\n')
        with running_gateway(file) as gateway:
            assert chat(gateway, authorization="Bearer sk-of-the-caller").status_code == 200
        first, second = provider.requests
    assert first.headers["authorization"] == "Bearer sk-of-the-caller"
    assert second.headers["authorization"] == "Bearer sk-ours"


def test_a_configured_header_is_not_the_callers_to_choose(tmp_path):
    config = (
        f'[store]\nurl = "sqlite:///{tmp_path}/f.db"\n[providers.p]\nformat = "openai"\nbase_url = "URL/v1"\n'
        'api_key = "sk-ours"\nheaders = { openai-project = "ours" }\n'
    )
    with SimulatedProvider().in_thread() as provider:
        file = tmp_path / "farthing.toml"
        file.write_text(config.replace("URL", provider.url))
        with running_gateway(file) as gateway:
            assert chat(gateway, openai_project="theirs").status_code == 200
        (request,) = provider.requests
    assert request.headers["openai-project"] == "ours"


def test_codex_gets_a_refusal_it_does_not_retry(tmp_path):
    with gateway_and_provider(tmp_path, '[[budgets]]\nname = "none"\nlimit = "0.000000001 USD"\n') as (gateway, _):
        assert chat(gateway).status_code == 402
        codex = chat(gateway, originator="codex_cli_rs")
    assert codex.status_code == 400
    assert json.loads(codex.text)["error"]["code"] == "budget_exceeded"
    assert codex.headers["x-should-retry"] == "false"
