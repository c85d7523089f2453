"""The desk, over HTTP: strict headers, sessions, tokens, and errors as pages."""

import pytest

from farthing.dashboard.desk import pattern
from farthing.domain.errors import PastUnsummed
from support.dashboard_visitor import Visitor
from support.dashboard_world import dashboard_world

KEYS = """
[[keys]]
name = "boss"
secret = "an-admin-secret-of-the-file"
rights = ["admin", "call"]
[[keys]]
name = "bot"
secret = "a-caller-secret-of-the-file"
[[budgets]]
name = "all"
limit = "1 USD"
"""


def test_every_answer_has_strict_headers_and_pages_are_not_kept(visitor):
    for path in ("/dashboard", "/dashboard/nothing", "/dashboard/runs", "/dashboard/assets/coin.svg"):
        headers = visitor.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path


def test_what_is_not_there_is_a_page_that_says_so(visitor):
    answer = visitor.get("/dashboard/<script>")
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]
    assert "there is no such page" in answer.text


def test_a_page_that_has_to_wait_for_sums_says_how_far_they_are_and_looks_again(fresh_visitor, fresh):
    history = fresh.gateway.engine.history
    usage = history.usage

    def unsummed(**_):
        raise PastUnsummed("summing up the past: 41 % (13 of 31 days); answers reach back to 2026-11-12T07:00Z")

    history.usage = unsummed
    try:
        answer = fresh_visitor.get("/dashboard/explore?since=30d")
    finally:
        history.usage = usage
    assert (answer.status_code, answer.headers["refresh"]) == (503, "2")
    assert "summing up the past: 41 % (13 of 31 days)" in answer.text
    assert 'href="/dashboard/calls"' in answer.text


def test_a_page_takes_only_its_method(visitor):
    assert visitor.client.post("/dashboard/runs", headers={"origin": visitor.url}).status_code == 405
    assert visitor.get("/dashboard/suspend").status_code == 405
    assert visitor.client.request("HEAD", "/dashboard").content == b""


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example"])
def test_a_name_that_was_led_here_sees_nothing(visitor, host):
    answer = visitor.get("/dashboard", host=host)
    assert answer.status_code == 403
    assert "budgets" not in answer.text.lower()


def test_a_change_needs_its_page_its_origin_and_its_token(fresh, fresh_visitor):
    send = fresh_visitor.send
    fields = {"label": "user", "value": "eve", "minutes": "", "reason": ""}
    assert send("/dashboard/suspend", token="", **fields).status_code == 403
    assert send("/dashboard/suspend", token="0" * 64, **fields).status_code == 403
    assert send("/dashboard/suspend", origin="http://evil.example", **fields).status_code == 403
    assert send("/dashboard/suspend", origin="null", **fields).status_code == 403
    other = Visitor(fresh.url)
    assert send("/dashboard/suspend", token=other.token(), **fields).status_code == 403
    other.close()
    assert fresh.gateway.engine.store.guards.known().suspensions == ()
    assert send("/dashboard/suspend", **fields).status_code == 303
    assert [each.value for each in fresh.gateway.engine.store.guards.known().suspensions] == ["eve"]


def test_a_body_is_a_small_form_and_nothing_else(fresh_visitor):
    token = fresh_visitor.token()
    headers = {"origin": fresh_visitor.url}
    post = fresh_visitor.client.post
    assert (
        post("/dashboard/suspend", content=b"{}", headers={**headers, "content-type": "application/json"}).status_code
        == 415
    )
    assert post("/dashboard/suspend", data={"token": token, "value": "x" * 20_000}, headers=headers).status_code == 413
    twice = f"token={token}&label=user&label=team".encode()
    form = {**headers, "content-type": "application/x-www-form-urlencoded"}
    assert "given twice" in post("/dashboard/suspend", content=twice, headers=form).text


@pytest.fixture
def locked(tmp_path):
    with dashboard_world(tmp_path, KEYS) as world:
        yield world


def test_where_there_are_keys_nothing_is_shown_without_a_login(locked):
    visitor = Visitor(locked.url)
    for path in ("/dashboard", "/dashboard/runs", "/dashboard/explore.csv", "/dashboard/live", "/dashboard/audit"):
        answer = visitor.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/dashboard/login?to=%2F"), path
    assert visitor.get("/dashboard/live", hx_request="true").headers["hx-redirect"] == "/dashboard/login"
    token = visitor.token("/dashboard/login")
    answer = visitor.send("/dashboard/budgets/raise", token=token, budget="all", amount="5")
    assert answer.headers["location"].startswith("/dashboard/login")
    assert locked.gateway.engine.directory.load().grants == ()
    visitor.close()


def test_a_session_ends_with_its_key_and_a_cookie_of_before_the_login_is_worth_nothing(locked):
    visitor = Visitor(locked.url)
    visitor.get("/dashboard/login")
    before = dict(visitor.client.cookies)
    assert visitor.log_in("an-admin-secret-of-the-file").status_code == 303
    assert visitor.get("/dashboard").status_code == 200
    early = Visitor(locked.url)
    early.client.cookies.update(before)
    assert early.get("/dashboard").status_code == 303
    locked.gateway.engine.keys = {
        key: value for key, value in locked.gateway.engine.keys.items() if value.name != "boss"
    }
    assert visitor.get("/dashboard").status_code == 303
    for each in (visitor, early):
        each.close()


def test_a_path_is_matched_as_it_stands_in_the_request():
    assert pattern("/dashboard/runs/{run*}").fullmatch("/dashboard/runs/a%2Fb/c")["run"] == "a%2Fb/c"
    assert pattern("/dashboard/calls/{id}").fullmatch("/dashboard/calls/a/b") is None
