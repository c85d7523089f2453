"""Kinds of budgets through a whole gateway: other currencies, limits of single calls, renames."""

from datetime import UTC, datetime, timedelta

import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.money import parse_usd
from support.admin import admin, chat
from support.gateway import gateway_and_provider, running_gateway, write_config

TODAY = datetime.now(UTC).date()
EUROS = f"""
[[budgets]]
name = "euros"
limit = "1 EUR"
[currencies.EUR]
rates = {{ "{TODAY - timedelta(days=2)}" = 1.25 }}
"""


def test_a_budget_in_euros_counts_euros_rounded_up(tmp_path):
    with gateway_and_provider(tmp_path, EUROS) as (gateway, _):
        answer = chat(gateway)
        cost = parse_usd(answer.headers["x-farthing-cost-usd"])
        assert gateway.posted("euros") == -(-cost * 4 // 5)
        (standing,) = gateway.engine.records.accounts("euros")
        assert standing.account == AccountKey("euros", "", Unit("eur"), "lifetime")
        left = parse_usd(answer.headers["x-farthing-budget-remaining-usd"])
        assert 1_250_000_000 - cost - 2 <= left <= 1_250_000_000 - cost


def test_a_budget_in_euros_refuses_in_euros(tmp_path):
    with gateway_and_provider(tmp_path, EUROS.replace('"1 EUR"', '"0.000001 EUR"')) as (gateway, provider):
        answer = chat(gateway)
        assert answer.status_code == 402
        numbers = answer.json()["error"]["farthing"]
        assert (numbers["unit"], numbers["limit"], numbers["limit_usd"]) == ("eur", "0.000001", None)
        assert "EUR are spent" in answer.json()["error"]["message"]
        assert not len(provider.bill)


@pytest.mark.parametrize("from_day", [TODAY - timedelta(days=400), TODAY + timedelta(days=2)])
def test_without_a_rate_that_holds_a_hard_budget_refuses(tmp_path, from_day):
    more = EUROS.replace(str(TODAY - timedelta(days=2)), str(from_day))
    with gateway_and_provider(tmp_path, more) as (gateway, provider):
        answer = chat(gateway)
        assert (answer.status_code, answer.json()["error"]["code"]) == (402, "no_rate")
        assert "EUR" in answer.json()["error"]["message"]
        assert not len(provider.bill)


def test_one_call_may_cost_no_more_than_the_budget_says(tmp_path):
    more = '[[budgets]]\nname = "all"\nlimit = "1 USD"\nper_call = "0.0003 USD"\n'
    with gateway_and_provider(tmp_path, more) as (gateway, _):
        answer = chat(gateway, {"max_tokens": 4_000})
        assert answer.status_code == 200
        cap, _, how = answer.headers["x-farthing-output-cap"].partition("; ")
        assert (int(cap) < 500, how) == (True, "clamped")
        assert parse_usd(answer.headers["x-farthing-cost-usd"]) <= 300_000


def test_a_call_that_can_only_cost_more_is_refused_with_the_numbers(tmp_path):
    more = '[[budgets]]\nname = "all"\nlimit = "1 USD"\nper_call = "0.000001 USD"\n'
    with gateway_and_provider(tmp_path, more) as (gateway, provider):
        answer = chat(gateway, {"max_tokens": 4_000})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["farthing"]["limit"]) == (402, "budget_exceeded", "0.000001")
        assert "per_call" in error["farthing"]["what_to_do"]
        assert not len(provider.bill)
        assert gateway.posted("all") == gateway.open("all") == 0


def test_one_call_may_say_no_more_than_the_budget_says(tmp_path):
    more = '[[budgets]]\nname = "all"\ncalls = 100\nper_output = 40\n'
    with gateway_and_provider(tmp_path, more) as (gateway, _):
        answer = chat(gateway, {"max_tokens": 4_000, "n": 2})
        assert answer.headers["x-farthing-output-cap"] == "20; clamped"
        assert answer.json()["usage"]["completion_tokens"] <= 40
        assert "x-farthing-output-cap" not in chat(gateway, {"max_tokens": 20}).headers


def test_a_renamed_budget_keeps_what_it_has_spent(tmp_path):
    old = '[[budgets]]\nname = "old name"\nlimit = "1 USD"\n'
    new = '[[budgets]]\nname = "new name"\nlimit = "1 USD"\nwas = "old name"\n'
    with gateway_and_provider(tmp_path, old) as (gateway, provider):
        cost = parse_usd(chat(gateway).headers["x-farthing-cost-usd"])
        gateway.flush()
        with running_gateway(write_config(tmp_path, provider.url, new)) as renamed:
            (shown,) = admin(renamed, "GET", "/budgets")["budgets"]
            assert (shown["name"], parse_usd(shown["accounts"][0]["spent"])) == ("new name", cost)
            cost += parse_usd(chat(renamed).headers["x-farthing-cost-usd"])
            (shown,) = admin(renamed, "GET", "/budgets")["budgets"]
            assert parse_usd(shown["accounts"][0]["spent"]) == cost
            admin(renamed, "POST", "/budgets/new%20name/raise", {"amount": "1"})
            assert admin(renamed, "GET", "/budgets/new%20name")["accounts"][0]["limit"] == "2"


def test_a_refusal_calls_a_renamed_budget_by_its_new_name(tmp_path):
    more = '[[budgets]]\nname = "new name"\nlimit = "0.000001 USD"\nwas = "old name"\n'
    with gateway_and_provider(tmp_path, more) as (gateway, _):
        error = chat(gateway).json()["error"]
        assert error["farthing"]["budget"] == "new name"
        assert "old name" not in error["message"]
