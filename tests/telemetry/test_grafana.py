"""The dashboard is JSON that Grafana imports, and asks only for metrics that there are."""

import json

from farthing.domain.usage import Usage
from farthing.telemetry import grafana
from farthing.telemetry.families import of_tally
from farthing.telemetry.present import Health, Passed, of_budgets, of_health
from farthing.telemetry.prometheus import name_of
from farthing.telemetry.tally import Spread
from support.recorded import a_call
from support.tallying import paid, tallied


def told():
    tally = tallied(paid(1, usage=Usage(input_tokens=3, cache_read_input_tokens=1)), a_call(2, closing="refused"))
    health = Health(held=1, unknown=0, firing=0, gates=0, commits=Spread([1], 1), loop_lag_seconds=0.0)
    families = (*of_tally(tally), *of_budgets([]), *of_health(health, Passed()))
    return {name_of(family) + ("_total" if family.kind == "counter" else "") for family in families if not family.alias}


def test_every_metric_it_asks_for_is_told():
    assert grafana.metrics_used()
    assert grafana.metrics_used() <= told()


def test_it_can_be_imported():
    dashboard = json.loads(grafana.document())
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert {variable["name"] for variable in dashboard["templating"]["list"]} == {"datasource", "job"}
    assert all(panel["datasource"]["uid"] == "${datasource}" and panel["targets"] for panel in dashboard["panels"])


def test_no_two_panels_lie_upon_each_other():
    taken = set()
    for panel in json.loads(grafana.document())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells


def test_every_query_is_kept_to_the_chosen_job():
    assert all('job=~"$job"' in query for query in grafana.queries())
