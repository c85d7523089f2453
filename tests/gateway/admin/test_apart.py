"""The admin side on an address of its own: keys only, its own pages only, and no calls."""

import socket

import pytest

from support.admin import ADMIN, CALLER, CHAT, ask, bearer
from support.admin_address import METRICS, gateway_with_admin_address
from support.dashboard_visitor import Visitor


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    more = 'hosts = ["farthing.example.com"]\nproxies = ["127.0.0.1"]\n'
    with gateway_with_admin_address(tmp_path_factory.mktemp("apart"), more) as both:
        yield both


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory):
    more = 'hosts = ["farthing.example.com"]\nhttps = true\nproxies = ["127.0.0.1"]\n'
    with gateway_with_admin_address(tmp_path_factory.mktemp("tls"), more) as both:
        yield both


def status(both, method, path, body=None, **headers):
    return ask(both, method, path, body, **headers).status_code


def test_calls_are_not_answered_there(both):
    for path in ("/v1/chat/completions", "/v1/messages", "/v1/responses"):
        answer = ask(both, "POST", path, CHAT, **bearer(CALLER))
        assert answer.status_code == 404, path
        assert "calls go to the gateway's address" in answer.text
    assert status(both, "GET", "/v1/models", **bearer(CALLER)) == 404
    assert status(both, "GET", "/healthz") == 200


@pytest.mark.parametrize(
    "path", ["/farthing/v1/budgets", "/farthing/v1/keys", "/farthing/openapi.json", "/farthing/nothing"]
)
def test_the_admin_side_wants_a_key_with_the_right(both, path):
    assert status(both, "GET", path) == 401
    assert status(both, "GET", path, **bearer("fk_wrong_wrong")) == 401
    assert status(both, "GET", path, **bearer(CALLER)) == 403
    assert status(both, "GET", path, **bearer(ADMIN)) == (404 if "nothing" in path else 200)


def test_keys_with_another_right_have_that_one_only(both):
    assert status(both, "GET", "/metrics", **bearer(METRICS)) in (200, 503)  # 503: the past is still being summed
    assert status(both, "GET", "/farthing/v1/budgets", **bearer(METRICS)) == 403


def test_a_change_over_its_api_is_in_force(both):
    made = {"name": "pilot", "limits": {"usd": "2"}}
    assert status(both, "POST", "/farthing/v1/budgets", made, **bearer(ADMIN)) == 201
    shown = ask(both.process, "GET", "/farthing/v1/budgets/pilot", **bearer(ADMIN))
    assert shown.json()["name"] == "pilot"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4142", "127.0.0.2.evil.example"])
def test_a_name_that_was_led_here_gets_nothing_not_even_the_login(both, host):
    for path in ("/", "/dashboard/login", "/dashboard/assets/coin.svg", "/farthing/v1/budgets", "/metrics"):
        answer = ask(both, "GET", path, host=host, **bearer(ADMIN))
        assert answer.status_code == 403, path
        assert "[admin] hosts" in answer.text


def test_a_name_that_was_told_is_ours(both):
    assert status(both, "GET", "/farthing/v1/budgets", host="farthing.example.com", **bearer(ADMIN)) == 200


def test_a_forwarded_request_is_refused_unless_its_proxy_was_named(both):
    """From a named proxy, 127.0.0.1, it is taken; from another address of the same machine it is not."""
    assert status(both, "GET", "/farthing/v1/budgets", x_forwarded_for="192.0.2.1", **bearer(ADMIN)) == 200
    said = f"GET /farthing/v1/budgets HTTP/1.1\r\nhost: 127.0.0.2\r\nauthorization: Bearer {ADMIN}\r\n"
    port = int(both.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.2", port), source_address=("127.0.0.3", 0), timeout=10) as stranger:
        stranger.sendall(f"{said}x-forwarded-for: 192.0.2.1\r\nconnection: close\r\n\r\n".encode())
        assert stranger.recv(4_096).startswith(b"HTTP/1.1 403")


def test_nothing_of_the_dashboard_is_shown_without_a_login(both):
    visitor = Visitor(both.url)
    for path in ("/dashboard", "/dashboard/runs", "/dashboard/explore.csv", "/dashboard/live", "/dashboard/audit"):
        answer = visitor.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/dashboard/login"), path
    assert visitor.log_in(CALLER).status_code == 403
    assert visitor.log_in(ADMIN).status_code == 303
    assert "Spent today" in visitor.get("/dashboard").text or "first call" in visitor.get("/dashboard").text
    said = visitor.send("/dashboard/suspend", label="user", value="eve", minutes="", reason="")
    assert said.status_code == 303
    assert "eve" in visitor.get("/dashboard/budgets").text
    visitor.close()


def test_a_session_is_for_the_entrance_it_was_made_at(both):
    near, far = Visitor(both.main), Visitor(both.url)
    assert near.log_in(ADMIN).status_code == 303
    assert near.get("/dashboard").status_code == 200
    stolen = "; ".join(f"{name}={value}" for name, value in near.client.cookies.items())
    assert far.get("/dashboard", cookie=stolen).status_code == 303
    assert near.get("/dashboard", cookie=stolen).status_code == 200
    near.close()
    far.close()


def test_over_tls_cookies_are_secure_and_forms_come_from_there(over_tls):
    named = {"host": "farthing.example.com", "x-forwarded-for": "192.0.2.1"}
    visitor = Visitor(over_tls.url, **named)
    answer = visitor.get("/dashboard/login")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-farthing_")
    for part in ("Path=/;", "Secure", "HttpOnly", "SameSite=Strict"):
        assert part in cookie
    token = answer.text.partition('name="token" value="')[2][:64]
    head = {"cookie": cookie.partition(";")[0], "sec-fetch-site": "same-origin"}
    form = {"token": token, "key": ADMIN, "to": "/dashboard"}
    for origin, expected in (
        ("http://farthing.example.com", 403),
        ("https://evil.example", 403),
        ("https://farthing.example.com", 303),
    ):
        entered = visitor.client.post("/dashboard/login", data=form, headers={**head, "origin": origin})
        assert entered.status_code == expected, origin
    head["cookie"] = entered.headers["set-cookie"].partition(";")[0]
    page = visitor.client.get("/dashboard", headers=head)
    assert page.status_code == 200
    assert over_tls.main in page.text  # a new user is told where calls go
    visitor.close()


def test_the_gateways_own_address_is_as_it_was(both):
    """Here are this machine's own names; from elsewhere, only calls."""
    assert status(both.process, "GET", "/farthing/v1/budgets", **bearer(ADMIN)) == 200
    assert status(both.process, "GET", "/farthing/v1/budgets", x_forwarded_for="192.0.2.1", **bearer(ADMIN)) == 403
    assert status(both.process, "GET", "/dashboard/login", host="farthing.example.com") == 403
    assert status(both.process, "GET", "/dashboard/login") == 200
