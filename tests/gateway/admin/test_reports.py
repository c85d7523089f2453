"""Reports over HTTP: sums that equal the records, and everything made of them."""

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
        ("label.team%20x=1", "label.team x"),
    ],
)
def test_a_report_of_nothing_is_refused_by_the_parameter(one_gateway, query, field):
    refused(one_gateway, "GET", f"/reports/usage?{query}", status=400, field=field)


def test_filters_choose_whose_calls_are_summed(gateway):
    for team in ("a", "a", "b"):
        chat(gateway, x_farthing_labels=f"team={team}")
    report = admin(gateway, "GET", "/reports/usage?by=model&label.team=a")
    assert report["total"]["calls"] == report["rows"][0]["calls"] == 2
    assert report["total"]["naive_usd"] == report["total"]["cost_usd"] == "0.0000264"
    assert report["total"]["saved_usd"] == "0"


def test_models_are_shares_of_one_whole(gateway):
    for model in ("gpt-4o-mini", "gpt-4o"):
        chat(gateway, {"model": model})
    large, small = admin(gateway, "GET", "/reports/models")["rows"]
    assert (large["group"], large["share_of_calls"]) == ({"model": "gpt-4o"}, 0.5)
    assert large["share_of_cost"] + small["share_of_cost"] == pytest.approx(1)


def test_cache_hit_rates_come_by_day_or_hour(gateway):
    chat(gateway)
    (by_day,) = admin(gateway, "GET", "/reports/cache")["rows"]
    (by_hour,) = admin(gateway, "GET", "/reports/cache?step=hour")["rows"]
    (day,), (hour,) = by_day["steps"], by_hour["steps"]
    assert hour.startswith(f"{day}T")
    assert by_day["rate"] == by_day["steps"][day] == 0.0
    refused(gateway, "GET", "/reports/cache?step=minute", status=400, field="step")


def test_the_burn_rate_says_why_there_is_no_forecast(gateway):
    chat(gateway)
    found = admin(gateway, "GET", "/reports/burn")
    assert found["today_usd"] == found["month_usd"] == "0.0000132"
    assert found["forecast"] is None
    assert "whole days" in found["why_no_forecast"]
    assert admin(gateway, "GET", "/reports/burn?label.team=a")["today_usd"] == "0"


def test_runs_of_a_workflow_have_a_usual_cost(gateway):
    for run in ("a", "a", "b"):
        chat(gateway, x_farthing_labels=f"workflow=triage,run={run}")
    report = admin(gateway, "GET", "/reports/workflows")
    (row,) = report["rows"]
    assert (row["group"], row["runs"], row["left_out"], report["complete"]) == ("triage", 2, 0, True)
    assert (row["run_usd"]["p50"], row["run_usd"]["most"]) == ("0.0000132", "0.0000264")
    assert row["cost_usd"] == "0.0000396"
    newest = admin(gateway, "GET", "/reports/workflows?most=1")
    assert (newest["rows"][0]["runs"], newest["complete"]) == (1, False)
    refused(gateway, "GET", "/reports/workflows?by=a,b", status=400, field="by")


def test_successes_pay_for_failures(gateway):
    for run, success in (("a", True), ("b", False)):
        chat(gateway, x_farthing_labels=f"workflow=triage,run={run}")
        admin(gateway, "POST", "/outcomes", {"run": run, "success": success})
    (row,) = admin(gateway, "GET", "/reports/outcomes")["rows"]
    assert (row["group"], row["judged"], row["succeeded"]) == ({"workflow": "triage"}, 2, 1)
    assert (row["usd_per_success"], row["failed_usd"], row["success_rate"]) == ("0.0000264", "0.0000132", 0.5)
    assert row["why_no_interval"] == "an interval needs 10 successes"
    by_prompt = admin(gateway, "GET", "/reports/outcomes?by=model,prompt")["rows"]
    assert by_prompt[0]["group"]["model"] == "gpt-4o-mini"
