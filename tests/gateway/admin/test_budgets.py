"""Budgets over HTTP: each change binds the very next call, and a raise lets in whoever waits."""

import threading
import time

import pytest

from farthing.testing import Fault
from support.admin import admin, chat, refused
from support.gateway import gateway_and_provider

TINY = "0.000000001"


def standing(gateway, name):
    (account,) = admin(gateway, "GET", f"/budgets/{name}")["accounts"]
    return account


def test_a_budget_says_what_is_spent_reserved_unknown_and_left(gateway):
    assert chat(gateway).status_code == 200
    account = standing(gateway, "all")
    assert account == {
        "value": "",
        "window": "lifetime",
        "unit": "usd",
        "limit": "1",
        "spent": "0.0000132",
        "unknown": "0",
        "reserved": "0",
        "left": "0.9999868",
        "resets_at": None,
    }


def test_a_new_budget_binds_the_next_call_and_removing_it_frees_it(gateway):
    made = admin(gateway, "POST", "/budgets", {"name": "stop", "limits": {"usd": TINY}, "window": "month"}, status=201)
    assert (made["source"], made["limits"]) == ("store", {"usd": TINY})
    assert made["accounts"][0]["resets_at"].endswith("Z")
    no = chat(gateway)
    assert no.status_code == 402
    assert no.json()["error"]["farthing"]["budget"] == "stop"
    assert admin(gateway, "DELETE", "/budgets/stop") == {"removed": "stop"}
    assert chat(gateway).status_code == 200


def test_a_lowered_limit_binds_the_next_admission(gateway):
    admin(gateway, "PUT", "/budgets/cut", {"limits": {"usd": "1"}})
    assert chat(gateway).status_code == 200
    admin(gateway, "PUT", "/budgets/cut", {"limits": {"usd": TINY}})
    assert chat(gateway).status_code == 402
    assert standing(gateway, "cut")["spent"] == "0.0000132"
    assert standing(gateway, "cut")["left"].startswith("-")


def test_a_raise_adds_to_the_present_window_and_says_who_and_why(gateway):
    admin(gateway, "PUT", "/budgets/day", {"limits": {"usd": TINY, "calls": "5"}, "window": "day"})
    assert chat(gateway).status_code == 402
    raised = admin(gateway, "POST", "/budgets/day/raise", {"amount": "0.5", "reason": "demo day"})
    assert raised["accounts"][0]["limit"] == "0.500000001"
    (grant,) = raised["grants"]
    assert (grant["amount"], grant["unit"], grant["reason"]) == ("0.5", "usd", "demo day")
    assert chat(gateway).status_code == 200
    more = admin(gateway, "POST", "/budgets/day/raise", {"amount": "7", "unit": "calls"})
    assert [account["limit"] for account in more["accounts"] if account["unit"] == "calls"] == ["12"]


@pytest.mark.slow
def test_a_raise_wakes_a_call_that_waits(tmp_path):
    each = '[[budgets]]\nname = "narrow"\nlimit = "0.00002 USD"\nwait = "60s"\n'
    with gateway_and_provider(tmp_path, each, faults=[Fault(kind="silence")]) as (gateway, provider):
        answers = []
        first = threading.Thread(target=lambda: answers.append(chat(gateway)), daemon=True)
        first.start()
        until(lambda: provider.requests)
        second = threading.Thread(target=lambda: answers.append(chat(gateway)))
        second.start()
        until(lambda: gateway.engine.ledger._shift._desk.waiting)
        assert not answers
        admin(gateway, "POST", "/budgets/narrow/raise", {"amount": "1"})
        second.join(20)
        assert [answer.status_code for answer in answers] == [200]


def until(happened, seconds=20):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_one_budget_for_each_value_is_raised_for_one(gateway):
    admin(gateway, "PUT", "/budgets/users", {"limits": {"usd": TINY}, "each": "user"})
    refused(gateway, "POST", "/budgets/users/raise", {"amount": "1"}, status=400, field="value")
    admin(gateway, "POST", "/budgets/users/raise", {"amount": "1", "value": "ann"})
    assert chat(gateway, x_farthing_labels="user=ann").status_code == 200
    assert chat(gateway, x_farthing_labels="user=bob").status_code == 402


def test_a_budget_of_runs_is_raised_for_one_run(gateway):
    admin(gateway, "PUT", "/budgets/runs", {"limits": {"usd": TINY}, "window": "run"})
    refused(gateway, "POST", "/budgets/runs/raise", {"amount": "1"}, status=400, field="run")
    admin(gateway, "POST", "/budgets/runs/raise", {"amount": "1", "run": "r1"})
    assert chat(gateway, x_farthing_labels="run=r1").status_code == 200
    assert chat(gateway, x_farthing_labels="run=r2").status_code == 402


def test_a_rolling_budget_is_raised_in_all_its_open_turns(gateway):
    admin(gateway, "PUT", "/budgets/roll", {"limits": {"usd": TINY}, "window": "rolling:24h"})
    assert chat(gateway).status_code == 402
    assert len(admin(gateway, "POST", "/budgets/roll/raise", {"amount": "1"})["grants"]) == 9
    assert chat(gateway).status_code == 200


def test_everything_a_file_can_say_of_a_budget_can_be_said_here(gateway):
    rules = {
        "limits": {"usd": "5", "tokens": "1000"},
        "soft": [{"at": 0.8, "do": ["alert", "shorten"]}, {"at": 0.95, "do": ["land"]}],
        "hard": "approve",
        "per_call": "0.25",
        "per_output": 500,
        "approve_wait_seconds": 30.0,
        "land_output": 2_048,
        "was": "an older name",
    }
    admin(gateway, "PUT", "/budgets/full", rules)
    shown = admin(gateway, "GET", "/budgets/full")
    assert {field: shown[field] for field in rules if field != "soft"} == {
        field: said for field, said in rules.items() if field != "soft"
    }
    assert [(float(step["at"]), step["do"]) for step in shown["soft"]] == [
        (0.8, ["alert", "shorten"]),
        (0.95, ["land"]),
    ]


def test_the_files_budgets_are_raised_but_not_changed_here(gateway):
    for method, body in (("PUT", {"limits": {"usd": "5"}}), ("DELETE", None)):
        refused(gateway, method, "/budgets/all", body, status=409)
    refused(gateway, "POST", "/budgets", {"name": "all", "limits": {"usd": "5"}}, status=409, field="name")
    assert admin(gateway, "POST", "/budgets/all/raise", {"amount": "1"})["accounts"][0]["limit"] == "2"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"limits": {}}, ""),
        ({"limits": {"usd": 5}}, "limits"),
        ({"limits": {"usd": "5 EUR"}}, "limits.usd"),
        ({"limits": {"usd": "0.0000000001"}}, "limits.usd"),
        ({"limits": {"usd": "-1"}}, "limits.usd"),
        ({"limits": {"usd": "1e3"}}, "limits.usd"),
        ({"limits": {"tokens": "1.5"}}, "limits.tokens"),
        ({"limits": {"tokens": "٣"}}, "limits.tokens"),
        ({"limits": {"eur": "5"}}, "limits"),
        ({"limits": {"usd": "5", "eur": "5"}}, "limits.eur"),
        ({"limits": {"euro": "5"}}, "limits"),
        ({"soft": [{"at": 2, "do": ["alert"]}]}, "soft[0].at"),
        ({"soft": [{"at": 0.8, "do": ["explode"]}]}, "soft[0].do[0]"),
        ({"soft": [{"at": 0.8, "do": []}]}, "soft[0].do"),
        ({"soft": [{"at": 0.8, "do": ["land"]}], "hard": "off"}, "soft[0].do"),
        ({"per_call": "-1"}, "per_call"),
        ({"per_output": -5}, "per_output"),
        ({"approve_wait_seconds": 1e9}, "approve_wait_seconds"),
        ({"land_output": 0}, "land_output"),
        ({"match": {"team": "a*b"}}, "match"),
        ({"match": {"": "a"}}, "match"),
        ({"each": "USER"}, "each"),
        ({"window": "fortnight"}, "window"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"hard": "maybe"}, "hard"),
        ({"floor": 0}, "floor"),
        ({"wait_seconds": -1}, "wait_seconds"),
        ({"wait_seconds": 1e9}, "wait_seconds"),
        ({"unknown": "free"}, "unknown"),
        ({"bound": "loose"}, "bound"),
        ({"source": "file"}, "source"),
        ({"posted": 0}, "posted"),
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
    ],
    ids=str,
)
def test_what_a_budget_may_not_be_is_refused_by_the_field(one_gateway, change, field):
    body = {"name": "new", "limits": {"usd": "5"}, **change}
    refused(one_gateway, "POST", "/budgets", body, status=400, field=field or None)
    assert [budget["name"] for budget in admin(one_gateway, "GET", "/budgets")["budgets"]] == ["all"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": 5}, "amount"),
        ({"amount": "5", "unit": "tokens"}, "unit"),
        ({"amount": "5", "unit": "EUR"}, "unit"),
        ({"amount": "5", "value": "ann"}, "value"),
        ({"amount": "5", "run": "r"}, "run"),
        ({"amount": "5", "by": "somebody else"}, "by"),
        ({"amount": "5", "window": "lifetime"}, "window"),
    ],
    ids=str,
)
def test_what_no_raise_can_be_is_refused_by_the_field(one_gateway, body, field):
    refused(one_gateway, "POST", "/budgets/all/raise", body, status=400, field=field)
    assert standing(one_gateway, "all")["limit"] == "1"


def test_what_is_not_there_is_not_found(gateway):
    refused(gateway, "GET", "/budgets/none", status=404)
    refused(gateway, "DELETE", "/budgets/none", status=404)
    refused(gateway, "POST", "/budgets/none/raise", {"amount": "1"}, status=404)


def test_names_with_slashes_and_spaces_are_written_in_percent(gateway):
    admin(gateway, "PUT", "/budgets/team%2Fa%20%26%20b", {"limits": {"usd": "5"}})
    assert admin(gateway, "GET", "/budgets/team%2Fa%20%26%20b")["name"] == "team/a & b"
