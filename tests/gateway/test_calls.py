"""What of a call goes on to the provider, and what never does."""

import json

import pytest

from farthing.gateway.calls import credential, forwarded, patience_ms
from farthing.testing import SimulatedProvider
from support.admin import ADMIN, BUDGET, CALLER, CHAT, KEYS, ask, bearer, chat
from support.gateway import gateway_and_provider, running_gateway

NEVER = [
    "authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "host", "content-length", "transfer-encoding",
    "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "accept-encoding", "origin", "referer", "forwarded",
    "proxy-authorization", "proxy-connection", "x-forwarded-for", "x-forwarded-proto", "sec-fetch-site",
    "x-farthing-labels", "x-farthing-anything", "content-type", "idempotency-key",
]  # fmt: skip
ALWAYS = ["anthropic-beta", "anthropic-version", "openai-beta", "user-agent", "x-stainless-lang"]


@pytest.mark.parametrize("name", NEVER)
def test_credentials_hops_and_our_own_headers_stay_here(name):
    assert forwarded([(name.encode(), b"value")]) == forwarded([])


@pytest.mark.parametrize("name", ALWAYS)
def test_betas_and_versions_go_on(name):
    assert (name.encode(), b"value") in forwarded([(name.encode(), b"value")])


def test_a_header_that_is_nominated_for_the_hop_stays_here():
    raw = [(b"connection", b"close, X-Internal"), (b"x-internal", b"a"), (b"x-other", b"b")]
    assert forwarded(raw) == forwarded([(b"x-other", b"b")])
    assert (b"x-internal", b"a") in forwarded([(b"connection", b"Keep-Alive"), (b"x-internal", b"a")])


def test_a_callers_credential_is_only_its_own_without_keys():
    shown = {b"authorization": b"Bearer a", b"x-api-key": b"b", b"other": b"c"}
    assert credential(shown, keyless=True) == ((b"authorization", b"Bearer a"), (b"x-api-key", b"b"))
    assert credential(shown, keyless=False) == ()


@pytest.mark.parametrize(
    ("headers", "ms"),
    [
        ({}, None),
        ({b"x-stainless-timeout": b"60"}, 60_000),
        ({b"x-stainless-timeout": b"0.5"}, 500),
        ({b"x-stainless-read-timeout": b"600"}, 600_000),
        ({b"x-stainless-timeout": b"NOT_GIVEN"}, None),
        ({b"x-stainless-timeout": b"0"}, None),
        ({b"x-stainless-timeout": b"-1"}, None),
        ({b"x-stainless-timeout": b"nan"}, None),
        ({b"x-stainless-timeout": b"inf"}, None),
        ({b"x-stainless-timeout": b"\xd9\xa3"}, None),
    ],
    ids=str,
)
def test_how_long_a_client_waits_is_taken_from_its_own_words(headers, ms):
    assert patience_ms(headers) == ms


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
