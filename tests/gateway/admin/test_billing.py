"""Chargeback over HTTP, on a gateway with calls of this month."""

from decimal import Decimal

import pytest

from farthing.billing.month import month_of
from farthing.config.engine import wall_ms
from support.admin import admin, chat, refused

CALL_USD = "0.0000132"


@pytest.fixture
def month(gateway):
    for team in ("a", "a", "b"):
        chat(gateway, x_farthing_labels=f"team={team}")
    return month_of(wall_ms())


def test_focus_rows_add_up_page_by_page(gateway, month):
    whole = admin(gateway, "GET", f"/reports/focus?month={month}")
    assert sum(Decimal(row["BilledCost"]) for row in whole["rows"]) == 3 * Decimal(CALL_USD)
    assert (whole["closed"], whole["next"], whole["focus"]) == (False, None, "1.4")
    rows, offset = [], 0
    while offset is not None:
        page = admin(gateway, "GET", f"/reports/focus?month={month}&limit=1&offset={offset}")
        rows, offset = [*rows, *page["rows"]], page["next"]
    assert rows == whole["rows"]


def test_costs_beside_models_are_in_rows_statements_and_months_and_in_no_providers_part(gateway):
    chat(gateway, x_farthing_labels="team=a,run=r1")
    booked = {"run": "r1", "usd": "0.05", "kind": "search"}
    admin(gateway, "POST", "/outcomes/costs", booked)
    month = month_of(wall_ms())
    rows = admin(gateway, "GET", f"/reports/focus?month={month}")["rows"]
    assert [(row["SubAccountId"], row["BilledCost"]) for row in rows if row["ServiceName"] == "search"] == [
        ("a", "0.05")
    ]
    (one,) = admin(gateway, "GET", f"/reports/statements?month={month}")["statements"]
    assert (one["other"], Decimal(one["total"])) == ("0.05", Decimal(CALL_USD) + Decimal("0.05"))
    assert admin(gateway, "GET", "/reports/periods")["open"]["other_usd"] == "0.05"
    wanted = {"provider": "openai", "month": month, "file": f"model,requests,cost_usd\ngpt-4o-mini,1,{CALL_USD}\n"}
    found = admin(gateway, "POST", "/reports/reconcile", wanted)
    assert (found["agrees"], found["other_usd"], found["tools_usd"]) == (True, "0.05", "0")


def test_the_other_version_and_the_options(gateway, month):
    found = admin(gateway, "GET", f"/reports/focus?month={month}&focus=1.2&hourly=true&allocate=true")
    assert "ProviderName" in found["columns"]
    assert all(set(row) == set(found["columns"]) for row in found["rows"])


def test_statements_of_all_and_of_one(gateway, month):
    every = admin(gateway, "GET", f"/reports/statements?month={month}")["statements"]
    assert [(each["team"], each["total"]) for each in every] == [("a", "0.0000264"), ("b", CALL_USD)]
    (one,) = admin(gateway, "GET", f"/reports/statements?month={month}&team=b")["statements"]
    assert one == every[1]


def test_months_are_listed_and_an_open_one_is_not_closed(gateway, month):
    found = admin(gateway, "GET", "/reports/periods")
    assert (found["closed"], found["next"], found["open"]["total_usd"]) == ([], month, "0.0000396")
    refused(gateway, "POST", f"/reports/periods/{month}/close", status=409, field="month")


def test_a_month_that_is_over_is_closed_once(gateway):
    assert admin(gateway, "POST", "/reports/periods/2026-01/close")["total_usd"] == "0"
    refused(gateway, "POST", "/reports/periods/2026-01/close", status=409)


def test_an_upload_is_compared_with_what_was_recorded(gateway, month):
    file = "model,requests,cost_usd\ngpt-4o-mini,3,0.0000396\n"
    found = admin(gateway, "POST", "/reports/reconcile", {"provider": "openai", "month": month, "file": file})
    assert (found["agrees"], found["models"][0]["words"]) == (True, "agrees within 1 %")


def test_an_upload_may_be_longer_than_an_ordinary_change(gateway, month):
    file = "model,requests\n" + "gpt-4o-mini,0\n" * 10_000 + "gpt-4o-mini,3\n"
    assert len(file) > 64 * 1024
    assert admin(gateway, "POST", "/reports/reconcile", {"provider": "openai", "month": month, "file": file})["agrees"]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "/reports/focus?month=october", None, "month"),
        ("GET", "/reports/focus?focus=2.0", None, "focus"),
        ("GET", "/reports/focus?limit=0", None, "limit"),
        ("GET", "/reports/statements?currency=euros", None, "currency"),
        ("POST", "/reports/periods/soon/close", None, "path"),
        ("POST", "/reports/reconcile", {"provider": "openai", "file": "model,fee\nx,1\n"}, "fee"),
        ("POST", "/reports/reconcile", {"provider": "openai"}, "file"),
    ],
)
def test_mistakes_name_their_field(gateway, method, path, body, field):
    refused(gateway, method, path, body, status=400, field=field)


def test_a_currency_without_rates_says_what_to_add(gateway, month):
    error = refused(gateway, "GET", f"/reports/statements?month={month}&currency=EUR", status=400, field="currency")
    assert "[currencies.EUR]" in error["message"]
