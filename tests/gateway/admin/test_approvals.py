"""Approvals over HTTP: lists, answers, and who may give them. Whole stories are in tests/e2e/test_approvals.py."""

import asyncio

import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.ids import show
from farthing.ports.approvals import Petition
from support.admin import ADMIN, CALLER, KEYS, admin, ask, bearer, refused
from support.gateway import gateway_and_provider

BOSS = bearer(ADMIN)
LEADS = """
[[keys]]
name = "lead"
secret = "a-lead-secret-of-the-file"
labels = { team = "support" }
rights = ["approve"]
[[keys]]
name = "anybody"
secret = "an-unbound-secret-of-the-file"
rights = ["approve"]
"""
LEAD, ANYBODY = bearer("a-lead-secret-of-the-file"), bearer("an-unbound-secret-of-the-file")


def make(gateway, name="all", scope=(), unit=Unit.USD, **more):
    """A request as a call makes it: its id."""
    petition = Petition(
        accounts=((AccountKey(name, "", unit, "lifetime"), 0),), budget=name, short=5, scope=scope, **more
    )
    made = asyncio.run_coroutine_threadsafe(gateway.engine.approvals.ask(petition), gateway.loop).result(30)
    return show("appr", made.id)


@pytest.fixture
def led(tmp_path):
    with gateway_and_provider(tmp_path, KEYS + LEADS) as (gateway, _):
        yield gateway


def ids(gateway, query="", **headers):
    return [each["id"] for each in admin(gateway, "GET", f"/approvals{query}", **headers)["approvals"]]


def test_the_list_comes_page_by_page_and_by_state(gateway):
    made = [make(gateway, f"b{number}") for number in range(5)]
    admin(gateway, "POST", f"/approvals/{made[1]}/decline", {"reason": "no"})
    assert ids(gateway) == made[::-1]
    first = admin(gateway, "GET", "/approvals?limit=3")
    assert [each["id"] for each in first["approvals"]] == made[:1:-1]
    rest = admin(gateway, "GET", f"/approvals?limit=3&before={first['next']}")
    assert ([each["id"] for each in rest["approvals"]], rest["next"]) == (made[1::-1], None)
    assert ids(gateway, "?state=declined") == [made[1]]
    assert ids(gateway, "?state=granted") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [("?state=maybe", "state"), ("?limit=0", "limit"), ("?before=7", "before"), ("?color=red", "color")],
)
def test_a_query_that_is_none_is_refused(one_gateway, query, field):
    refused(one_gateway, "GET", f"/approvals{query}", status=400, field=field)


def test_an_answer_is_stored_with_who_gave_it(led):
    path = f"/approvals/{make(led)}"
    done = admin(led, "POST", f"{path}/grant", {"amount": "0.5", "reason": "fine"}, **BOSS)
    assert (done["state"], done["granted"], done["decided_by"], done["reason"]) == (
        "granted",
        "0.5",
        "key boss",
        "fine",
    )
    assert admin(led, "POST", f"{path}/decline", {"reason": "late"}, **BOSS) == done
    assert admin(led, "GET", path, **BOSS) == done
    (grant,) = led.engine.directory.load().grants
    assert (grant.amount, grant.by) == (500_000_000, "key boss")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"amount": "much"}, "amount"), ({"amount": 5}, "amount"), ({"amount": "0"}, "amount"), ({"who": "me"}, "who"),
     ({"reason": "x" * 501}, "reason")],
    ids=str,
)  # fmt: skip
def test_an_answer_that_is_none_changes_nothing(one_gateway, body, field):
    made = make(one_gateway)
    refused(one_gateway, "POST", f"/approvals/{made}/grant", body, status=400, field=field)
    assert admin(one_gateway, "GET", f"/approvals/{made}")["state"] == "pending"


@pytest.mark.parametrize(
    "shown", ["appr_00000000000000ff", "call_00000000000000ff", "ffffffffffffffff", "appr_ffffffffffffffff"]
)
def test_what_is_not_there_is_not_found(one_gateway, shown):
    refused(one_gateway, "GET", f"/approvals/{shown}", status=404)
    refused(one_gateway, "POST", f"/approvals/{shown}/grant", {}, status=404)


def test_a_key_with_the_right_sees_and_decides_what_is_within_its_labels(led):
    theirs, shared = make(led, "a", scope=(("team", "support"),)), make(led, "b")
    assert ids(led, **LEAD) == [theirs]
    assert ids(led, **ANYBODY) == ids(led, **BOSS) == [shared, theirs]
    refused(led, "GET", f"/approvals/{shared}", status=404, **LEAD)
    refused(led, "POST", f"/approvals/{shared}/grant", {}, status=404, **LEAD)
    assert admin(led, "POST", f"/approvals/{theirs}/grant", {}, **LEAD)["decided_by"] == "key lead"
    assert admin(led, "POST", f"/approvals/{shared}/decline", {}, **ANYBODY)["state"] == "declined"


def test_a_page_of_what_one_may_see_is_full_where_others_lie_between(led):
    theirs = [make(led, f"t{number}", scope=(("team", "support"),)) for number in range(3)]
    for number in range(4):
        make(led, f"s{number}")
    assert ids(led, "?limit=2", **LEAD) == theirs[:0:-1]


def test_the_right_to_approve_is_no_right_to_anything_else(led):
    for path in ("/keys", "/budgets", "/calls", "/alerts"):
        refused(led, "GET", path, status=403, **LEAD)
    assert ask(led, "POST", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": []}, **LEAD).status_code == 403


def test_who_has_no_right_decides_nothing(led):
    path = f"/approvals/{make(led)}"
    refused(led, "POST", f"{path}/grant", {}, status=403, **bearer(CALLER))
    refused(led, "POST", f"{path}/grant", {}, status=401)
    refused(led, "POST", f"{path}/grant", {}, status=401, **bearer("nobody-knows-this-secret"))
    assert admin(led, "GET", path, **BOSS)["state"] == "pending"


def test_an_administrator_gives_the_right_and_an_approver_makes_no_keys(led):
    wanted = {"name": "new", "rights": ["approve"], "labels": {"team": "support"}}
    secret = admin(led, "POST", "/keys", wanted, status=201, **BOSS)["secret"]
    refused(led, "POST", "/keys", {"name": "more", "rights": ["approve"]}, status=403, **bearer(secret))
    assert ids(led, **bearer(secret)) == []
