"""Reports that read whole calls: bounded, exact over what they cover, and plain about what that is."""

from farthing.domain.money import parse_usd
from support.admin import admin, chat, refused
from support.gateway import gateway_and_provider


def test_drivers_sum_to_what_was_spent(gateway):
    for run in ("a", "a", "b"):
        chat(gateway, x_farthing_labels=f"workflow=triage,run={run}")
    report = admin(gateway, "GET", "/reports/drivers?by=workflow")
    whole = admin(gateway, "GET", "/reports/usage")["total"]["cost_usd"]
    assert report["cost_usd"] == whole
    assert sum(parse_usd(row["cost_usd"]) for row in report["rows"]) == parse_usd(whole)
    assert {row["driver"] for row in report["rows"]} == {"new_input", "context", "output"}
    assert (report["calls"], report["calls_in_runs"], report["complete"]) == (3, 3, True)


def test_where_there_are_more_calls_than_wanted_it_says_so(gateway):
    for _ in range(3):
        chat(gateway, x_farthing_labels="run=a")
    report = admin(gateway, "GET", "/reports/drivers?most=2")
    assert (report["calls"], report["complete"]) == (2, False)
    assert report["since"] > admin(gateway, "GET", "/reports/drivers")["since"]


def test_models_named_in_tiers_are_siblings(tmp_path):
    tiers = '[tiers]\nsmall = ["gpt-4o-mini", "claude-haiku-4-5"]\n'
    with gateway_and_provider(tmp_path, tiers) as (gateway, _):
        chat(gateway, {"model": "gpt-4o", "max_tokens": 400})
        report = admin(gateway, "GET", "/reports/drivers")
    assert "large_model" in {row["driver"] for row in report["rows"]}


def test_context_has_a_line_for_every_turn(gateway):
    for run in ("a", "a", "b"):
        chat(gateway, x_farthing_labels=f"run={run}")
    report = admin(gateway, "GET", "/reports/context")
    assert [(turn["turn"], turn["calls"]) for turn in report["turns"]] == [(1, 2), (2, 1)]
    assert (report["runs"], report["calls"], report["complete"]) == (2, 3, True)


def test_a_mistake_names_its_parameter(one_gateway):
    refused(one_gateway, "GET", "/reports/drivers?by=a,a", status=400, field="by")
    refused(one_gateway, "GET", "/reports/drivers?most=0", status=400, field="most")
    refused(one_gateway, "GET", "/reports/context?since=soon", status=400, field="since")
