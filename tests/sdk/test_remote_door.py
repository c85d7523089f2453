"""A call by a gateway's address: labels, credential and place."""

import asyncio

import httpx
import httpx2
import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.sdk.errors import Misused
from farthing.sdk.remote_door import sent, sent_async, to_gateway
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


class Inner:
    """The HTTP of a client that does this, one after the other."""

    def __init__(self, *does):
        self.does = list(does)

    def send(self, request, *, stream):
        assert stream
        done = self.does.pop(0)
        if isinstance(done, Exception):
            raise done
        return done


class AsyncInner(Inner):
    async def send(self, request, **how):
        return Inner.send(self, request, **how)


def both(*does):
    """What comes of it for a blocking client and for an asynchronous one."""
    yield lambda: sent(Inner(*does), None, GATEWAY, stream=True)
    yield lambda: asyncio.run(sent_async(AsyncInner(*does), None, GATEWAY, stream=True))


@pytest.fixture
def _soon(monkeypatch):
    monkeypatch.setattr("farthing.sdk.remote_door.AGAIN_SECONDS", (0.001, 0.001))


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("module", [httpx, httpx2])
def test_a_gateway_that_is_just_started_anew_is_asked_again(module):
    gone = (module.ConnectError("refused"), module.ConnectTimeout("late"))
    for send in both(*gone, "answer"):
        assert send() == "answer"
    for send in both(*gone, module.ConnectError("refused"), "answer"):
        with pytest.raises(
            LedgerUnavailable, match=r"4141 cannot be reached \(refused\), and without it nothing is sent"
        ):
            send()


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("error", [httpx2.ReadTimeout("slow"), httpx2.RemoteProtocolError("cut"), ValueError("odd")])
def test_what_may_have_been_sent_is_the_clients_own_to_deal_with(error):
    for send in both(error, "answer"):
        with pytest.raises(type(error)) as raised:
            send()
        assert raised.value is error
