"""Small answers of our own, as a client on the wire sees them."""

import json

from support.admin import ask


def test_an_answer_has_its_length_and_kind(one_gateway):
    answer = ask(one_gateway, "GET", "/healthz")
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "server" not in answer.headers


def test_a_head_request_has_no_body(one_gateway):
    answer = ask(one_gateway, "HEAD", "/healthz")
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0


def test_an_error_is_final_and_echoes_no_content(one_gateway):
    answer = ask(one_gateway, "POST", "/v1/chat/completions", b'{"model": "a-canary-in-the-body", "messages": 5}')
    assert answer.headers["x-should-retry"] == "false"
    assert json.loads(answer.text)["error"]["param"] == "messages"
    assert "canary" not in answer.text
