"""Outcomes over HTTP: said and booked, and only by those whose run it is."""

import pytest

from support.admin import ADMIN, CALLER, KEYS, admin, bearer, chat, refused
from support.gateway import gateway_and_provider

JUDGE, OTHER = "a-judge-secret-of-the-file", "another-secret-of-the-file"
MORE = f"""
[[keys]]
name = "judge"
secret = "{JUDGE}"
rights = ["call", "outcomes"]
labels = {{ team = "support" }}
[[keys]]
name = "other"
secret = "{OTHER}"
may_set = ["run"]
"""


@pytest.fixture
def shared(tmp_path):
    """A gateway with an administrator, a team's bot, that team's judge, and somebody else."""
    with gateway_and_provider(tmp_path, KEYS + MORE) as (gateway, _):
        yield gateway


def judge(gateway, run="r1", status=200, **headers):
    return admin(gateway, "POST", "/outcomes", {"run": run, "success": True, "score": 0.5}, status=status, **headers)


def call(gateway, run="r1", **headers):
    assert chat(gateway, x_farthing_labels=f"run={run}", **headers).status_code == 200


def test_a_run_is_judged_and_shown(gateway):
    call(gateway)
    assert judge(gateway)["by"] == "admin side without keys"
    admin(gateway, "POST", "/outcomes", {"run": "r1", "success": False, "note": "reopened"})
    found = admin(gateway, "GET", "/outcomes/r1")
    assert (found["outcome"]["success"], found["outcome"]["score"], found["outcome"]["note"]) == (
        False,
        None,
        "reopened",
    )


def test_a_cost_is_booked_once(gateway):
    booking = {"run": "r1", "usd": "0.05", "kind": "search", "once": "req-7"}
    assert admin(gateway, "POST", "/outcomes/costs", booking)["booked"]
    assert not admin(gateway, "POST", "/outcomes/costs", booking)["booked"]
    (cost,) = admin(gateway, "GET", "/outcomes/r1")["costs"]
    assert (cost["cost_usd"], cost["kind"], cost["once"]) == ("0.05", "search", "req-7")


def test_a_run_nobody_spoke_for_has_no_outcome(gateway):
    assert admin(gateway, "GET", "/outcomes/nothing") == {"run": "nothing", "outcome": None, "costs": []}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/outcomes", {"run": "r", "success": "yes"}, "success"),
        ("/outcomes", {"run": "r", "success": True, "score": 1.5}, "score"),
        ("/outcomes", {"run": "r"}, "success"),
        ("/outcomes", {"run": "", "success": True}, "run"),
        ("/outcomes", {"run": "r", "success": True, "note": "x" * 201}, "note"),
        ("/outcomes/costs", {"run": "r", "usd": "-1"}, "usd"),
        ("/outcomes/costs", {"run": "r", "usd": "0.0000000001"}, "usd"),
        ("/outcomes/costs", {"run": "r", "usd": "1", "kind": ""}, "kind"),
    ],
)
def test_a_mistake_names_its_field(one_gateway, path, body, field):
    refused(one_gateway, "POST", path, body, status=400, field=field)


def test_a_key_judges_its_own_run_and_no_other(shared):
    call(shared, **bearer(CALLER))
    assert judge(shared, **bearer(CALLER))["by"] == "key bot"
    assert admin(shared, "GET", "/outcomes/r1", **bearer(CALLER))["outcome"]["score"] == 0.5
    for path, body in (("/outcomes", {"run": "r1", "success": False}), ("/outcomes/costs", {"run": "r1", "usd": "1"})):
        refused(shared, "POST", path, body, status=403, field="run", **bearer(OTHER))
    refused(shared, "GET", "/outcomes/r1", status=403, **bearer(OTHER))
    refused(shared, "GET", "/outcomes/unheard-of", status=403, field="run", **bearer(CALLER))


def test_a_run_that_two_keys_share_is_nobodys_own(shared):
    call(shared, **bearer(CALLER))
    call(shared, **bearer(OTHER))
    judge(shared, status=403, **bearer(CALLER))
    judge(shared, **bearer(ADMIN))


def test_a_key_with_the_right_judges_every_run_that_carries_its_labels(shared):
    call(shared, **bearer(CALLER))
    call(shared, "theirs", **bearer(OTHER))
    assert judge(shared, **bearer(JUDGE))["by"] == "key judge"
    judge(shared, "theirs", status=403, **bearer(JUDGE))
    judge(shared, "not yet", status=403, **bearer(JUDGE))
