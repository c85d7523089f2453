"""The table of paths: what is not governed does not pass, and every error is in the caller's own dialect."""

import asyncio
import json

import pytest

from farthing.domain.errors import LedgerUnavailable
from support.admin import ask, bearer, chat

OPENAI = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/files"),
        ("POST", "/v1/files"),
        ("POST", "/v1/batches"),
        ("POST", "/v1/images/generations"),
        ("POST", "/v1/audio/speech"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1beta/models/gemini-2.5-pro:embedContent"),
        ("POST", "/v1beta/tunedModels/x:generateContent"),
        ("PUT", "/v1/responses/resp_1"),
        ("POST", "/v1/responses/compact"),
        ("DELETE", "/v1/models/ft:x"),
        ("POST", "/v1/chat/completions/"),
        ("POST", "//v1/chat/completions"),
        ("POST", "/V1/chat/completions"),
        ("GET", "/metrics/"),
    ],
)
def test_what_is_not_governed_is_not_passed_on(one_gateway, method, path):
    answer = ask(one_gateway, method, path, {} if method == "POST" else None)
    assert answer.status_code == 404
    assert "is not offered" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", [*OPENAI, "/v1/messages"])
def test_a_call_is_a_post(one_gateway, path):
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert ask(one_gateway, method, path).status_code == 405


@pytest.mark.parametrize("path", OPENAI)
def test_errors_are_openais_where_openais_clients_call(one_gateway, path):
    answer = ask(one_gateway, "POST", path, b"{}")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.headers["x-should-retry"] == "false"


def test_errors_are_anthropics_where_anthropics_clients_call(one_gateway):
    for path in ("/v1/messages", "/v1/messages/count_tokens", "/v1/messages/batches"):
        answer = ask(one_gateway, "POST", path, b"{}")
        assert answer.json()["type"] == "error"
        assert answer.json()["error"]["type"] in ("invalid_request_error", "not_found_error")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/messages", {}, 400),
        ("GET", "/v1/files", None, 404),
        ("POST", "/v1/embeddings/x", {}, 404),
        ("GET", "/v1/responses", None, 405),
        ("GET", "/v1/models", None, 200),
        ("GET", "/v1/models/gpt-4o", None, 200),
        ("GET", "/v1/responses/resp_of_nobody", None, 404),
    ],
)
def test_every_answer_of_the_client_side_has_an_id_and_says_that_it_cost_nothing(
    one_gateway, method, path, body, status
):
    seen = [ask(one_gateway, method, path, body) for _ in range(2)]
    for answer in seen:
        assert answer.status_code == status
        assert (answer.headers["x-farthing-cost-usd"], answer.headers["x-farthing-cache"]) == ("0", "off")
    first, second = (answer.headers["x-farthing-call-id"] for answer in seen)
    assert first.startswith("call_")
    assert first != second


def test_a_stranger_is_told_the_same_and_the_admin_side_has_no_such_headers(locked):
    answer = chat(locked, **bearer("no-such-key"))
    assert (answer.status_code, answer.headers["x-farthing-cost-usd"]) == (401, "0")
    assert "x-farthing-call-id" in answer.headers
    assert "x-farthing-call-id" not in ask(locked, "GET", "/healthz").headers
    assert "x-farthing-call-id" not in ask(locked, "GET", "/farthing/v1/calls").headers


def test_an_error_of_our_own_says_nothing_of_its_cause(gateway, monkeypatch, caplog):
    def broken(arrival):
        raise RuntimeError("the secret cause in /home/someone/file.py")

    monkeypatch.setattr(type(gateway.engine.rules), "plan", lambda self, arrival: broken(arrival))
    answer = chat(gateway)
    assert answer.status_code == 500
    assert "secret cause" not in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError" not in answer.text
    assert json.loads(answer.text)["error"]["code"] == "internal"
    assert "x-farthing-call-id" in answer.headers
    assert "x-farthing-cost-usd" not in answer.headers
    assert "secret cause" in caplog.text
    monkeypatch.undo()
    assert chat(gateway).status_code == 200
    assert gateway.open("all") == 0


def test_a_ledger_that_cannot_write_sends_nothing_and_says_503(both, monkeypatch):
    gateway, provider = both

    async def cannot(ask):
        raise LedgerUnavailable("the ledger cannot be written now; nothing was sent")

    monkeypatch.setattr(gateway.engine.ledger, "reserve", cannot)
    answer = chat(gateway)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["x-farthing-cost-usd"] == "0"
    assert answer.json()["error"]["code"] == "ledger_unavailable"
    assert not provider.requests


def test_an_error_after_the_head_cuts_the_stream_instead_of_ending_it(gateway, monkeypatch):
    import httpx2

    from farthing.gateway.client import HttpClient

    written = HttpClient.write

    def breaks(self, piece):
        written(self, piece)
        raise RuntimeError("in the middle")

    monkeypatch.setattr(HttpClient, "write", breaks)
    with pytest.raises(httpx2.RemoteProtocolError):
        chat(gateway, {"stream": True})
    monkeypatch.undo()
    gateway.flush()
    assert gateway.open("all") + gateway.posted("all") > 0


def test_many_kinds_of_requests_leave_no_task_behind(one_gateway):
    chat(one_gateway)
    ask(one_gateway, "POST", "/v1/messages", b"{")
    ask(one_gateway, "GET", "/nothing")
    left = [t for t in asyncio.all_tasks(one_gateway.loop) if "_answer" in repr(t.get_coro())]
    assert not left
