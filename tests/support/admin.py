"""Talking to a running gateway: its admin side and its calls, each request on a connection of its own."""

import json

import httpx2

CHAT = {"model": "gpt-4o-mini", "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
JSON = {"content-type": "application/json"}
BUDGET = '[[budgets]]\nname = "all"\nlimit = "1 USD"\n'
ADMIN = "an-admin-secret-of-the-file"
CALLER = "a-caller-secret-of-the-file"
KEYS = f"""
[[keys]]
name = "boss"
secret = "{ADMIN}"
rights = ["admin", "call"]
[[keys]]
name = "bot"
secret = "{CALLER}"
labels = {{ team = "support" }}
may_set = ["user", "run"]
"""


def ask(gateway, method, path, body=None, **headers):
    """The answer to one request. `body` is sent as JSON unless it is bytes; header names are written with `_`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    with httpx2.Client(trust_env=False, timeout=30) as client:
        return client.request(
            method, f"{gateway.url}{path}", content=data, headers={**(JSON if data is not None else {}), **sent}
        )


def admin(gateway, method, path, body=None, *, status=200, **headers):
    """The decoded answer of the admin side, which must have this status."""
    answer = ask(gateway, method, f"/farthing/v1{path}", body, **headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(gateway, method, path, body=None, *, status, field=None, **headers):
    """The error of the admin side, which must have this status and name this field."""
    error = admin(gateway, method, path, body, status=status, **headers)["error"]
    assert error["message"]
    if field is not None:
        assert error["param"] == field, error
    return error


def chat(gateway, body=None, **headers):
    """One chat call."""
    return ask(gateway, "POST", "/v1/chat/completions", {**CHAT, **(body or {})}, **headers)


def bearer(secret):
    return {"authorization": f"Bearer {secret}"}
