"""A call by a gateway's address: labels, credential and place."""

import httpx2
import pytest

from farthing.sdk.errors import Misused
from farthing.sdk.remote_door import to_gateway
from farthing.sdk.routes import call_of
from support.sdk_world import sdk

GATEWAY = "http://127.0.0.1:4141"


def rewritten(url, format="openai", labels=(), **headers):
    request = httpx2.Request("POST", url, headers={"authorization": "Bearer sk", **headers}, content=b"{}")
    with httpx2.Client() as inner:
        return to_gateway(inner, request, GATEWAY, format, call_of(format, "POST", request.url.path), labels)


@pytest.mark.parametrize(
    ("url", "format", "there"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai", "/v1/chat/completions"),
        ("https://api.anthropic.com/v1/messages?beta=true", "anthropic", "/v1/messages?beta=true"),
        ("https://api.openai.com/v1/files", "openai", "/v1/files"),
        ("https://api.anthropic.com/v1/messages/count_tokens", "anthropic", "/v1/messages/count_tokens"),
    ],
)
def test_a_request_keeps_its_place(url, format, there):
    with sdk():
        assert str(rewritten(url, format).url) == GATEWAY + there


def test_the_labels_of_the_budgets_go_along_and_win():
    with sdk():
        request = rewritten(
            "https://api.openai.com/v1/responses", labels=(("run", "a"),), **{"x-farthing-labels": "run=b,user=ann"}
        )
    assert request.headers["x-farthing-labels"] == "run=a,user=ann"
    assert request.headers["host"] == "127.0.0.1:4141"
    assert request.headers["authorization"] == "Bearer sk"


def test_our_key_takes_the_place_of_the_clients_credential():
    with sdk(key="fk_x"):
        request = rewritten("https://corp.openai.azure.com/openai/deployments/x/chat/completions", **{"api-key": "az"})
    assert request.headers["authorization"] == "Bearer fk_x"
    assert "api-key" not in request.headers


def test_a_credential_goes_to_no_provider_but_its_own():
    with sdk(), pytest.raises(Misused, match=r"api\.groq\.com"):
        rewritten("https://api.groq.com/openai/v1/chat/completions")
