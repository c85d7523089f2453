"""Reports over HTTP: sums that equal the records, and prices as exact decimals."""

import pytest

from support.admin import admin, chat, refused


def test_sums_by_labels_add_up_to_what_was_posted(gateway):
    for team in ("a", "a", "b"):
        chat(gateway, x_farthing_labels=f"team={team}")
    report = admin(gateway, "GET", "/reports/usage?by=team,model&since=1h")
    assert report["by"] == ["team", "model"]
    rows = {row["group"]["team"]: row for row in report["rows"]}
    assert (rows["a"]["calls"], rows["a"]["cost_usd"]) == (2, "0.0000264")
    assert (rows["b"]["calls"], rows["b"]["usage"]["output_tokens"]) == (1, 20)
    assert rows["b"]["group"]["model"] == "gpt-4o-mini"


def test_only_what_arrived_in_the_span_is_summed(gateway):
    chat(gateway)
    assert admin(gateway, "GET", "/reports/usage?since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z")["rows"] == []
    assert len(admin(gateway, "GET", "/reports/usage")["rows"]) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=", "by"),
        ("by=a,a", "by"),
        ("by=a,b,c,d,e,f,g", "by"),
        ("by=TEAM", "by"),
        ("by=team'--", "by"),
        ("since=yesterday", "since"),
        ("since=2026-01-01", "since"),
        ("since=99999999999999d", "since"),
        ("until=soon", "until"),
        ("format=csv", "format"),
    ],
)
def test_a_report_of_nothing_is_refused_by_the_parameter(one_gateway, query, field):
    refused(one_gateway, "GET", f"/reports/usage?{query}", status=400, field=field)


def test_a_price_is_exact_and_names_its_book(one_gateway):
    price = admin(one_gateway, "GET", "/prices/gpt-4o-mini")
    standard = next(tier for tier in price["tiers"] if tier["tier"] == "standard")
    assert standard["usd_per_million_tokens"]["input"] == "0.15"
    assert standard["usd_per_million_tokens"]["output"] == "0.6"
    assert price["book"] == one_gateway.engine.rules.book.hash
    assert admin(one_gateway, "GET", "/prices/openai/gpt-4o-mini")["tiers"] == price["tiers"]


def test_a_model_nobody_knows_has_no_price(one_gateway):
    error = refused(one_gateway, "GET", "/prices/gpt-unpriced-99", status=404)
    assert error["code"] == "unpriced_model"
