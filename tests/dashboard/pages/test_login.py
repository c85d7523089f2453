"""Logging in and out."""

import pytest

from farthing.dashboard.attempts import PATIENCE
from farthing.dashboard.pages.login import safe
from support.admin import ADMIN, CALLER, KEYS
from support.dashboard_visitor import Visitor
from support.dashboard_world import dashboard_world


@pytest.fixture
def locked(tmp_path):
    with dashboard_world(tmp_path, KEYS) as world:
        yield world


@pytest.fixture
def stranger(locked):
    visitor = Visitor(locked.url)
    yield visitor
    visitor.close()


@pytest.mark.parametrize("to", ["/dashboard", "/dashboard/runs", "/dashboard/budgets"])
def test_a_login_goes_on_to_where_one_wanted(to):
    assert safe(to) == to


@pytest.mark.parametrize(
    "to",
    [
        "",
        "//evil.example",
        "https://evil.example",
        "/\\evil",
        "/dashboard/../x\n",
        "/dashboard/logout",
        "/dashboard/é",
        "/v1/models",
    ],
)
def test_and_nowhere_else(to):
    assert safe(to) == "/dashboard"


def test_a_key_with_the_right_admin_opens_and_log_out_closes(stranger):
    answer = stranger.log_in(ADMIN, to="/dashboard/runs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/runs")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert ADMIN not in cookie
    assert "boss" in stranger.get("/dashboard").text
    assert stranger.get("/dashboard/login").headers["location"] == "/dashboard"
    kept = dict(stranger.client.cookies)
    assert stranger.send("/dashboard/logout", on="/dashboard").status_code == 303
    stranger.client.cookies.update(kept)
    assert stranger.get("/dashboard").status_code == 303


@pytest.mark.parametrize("key", [CALLER, "wrong", "", "fk_aaaa_bbbb", "é" * 40])
def test_any_other_key_does_not(stranger, key):
    answer = stranger.log_in(key)
    assert answer.status_code == 403
    assert stranger.get("/dashboard").status_code == 303


def test_after_many_wrong_keys_even_the_right_one_waits(locked, stranger):
    for _ in range(PATIENCE):
        stranger.log_in("wrong")
    assert stranger.log_in(ADMIN).status_code == 429
    locked.clock.jump(locked.clock() + 61_000)
    assert stranger.log_in(ADMIN).status_code == 303


def test_what_a_key_changes_is_said_to_be_its_own(locked, stranger):
    stranger.log_in(ADMIN)
    stranger.send("/dashboard/suspend", label="user", value="eve")
    assert locked.gateway.engine.store.guards.known().suspensions[0].by == "key boss"


def test_where_no_key_is_an_administrator_s_it_says_how_to_make_one(tmp_path):
    keys = f'[[keys]]\nname = "bot"\nsecret = "{CALLER}"\n'
    with dashboard_world(tmp_path, keys) as world:
        visitor = Visitor(world.url)
        assert "farthing keys new dashboard --right admin" in visitor.get("/dashboard/login").text
        visitor.close()
