"""`farthing metrics`: the sums of a store as Prometheus reads them, and the dashboard."""

import json

from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from farthing.cli.main import main
from support.filled_store import PAID, fill


def run(*args):
    result = CliRunner().invoke(main, ["metrics", *args])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_sums_are_the_stores(tmp_path):
    fill(tmp_path / "farthing.db")
    families = {
        family.name: family
        for family in text_string_to_metric_families(run("show", "--store", str(tmp_path / "farthing.db")))
    }
    assert sum(sample.value for sample in families["farthing_cost_nanodollars"].samples) == PAID.nanos
    assert families["farthing_refused"].samples[0].value == 1


def test_as_json_the_same_sums_stand_in_a_list(tmp_path):
    fill(tmp_path / "farthing.db")
    rows = json.loads(run("show", "--json", "--store", str(tmp_path / "farthing.db")))
    [cost] = [row for row in rows if row["name"] == "farthing_cost_nanodollars_total"]
    assert cost["value"] == str(PAID.nanos)
    assert cost["labels"]["model"] == "gpt-4o-mini"


def test_the_dashboard_is_printed_as_json():
    assert json.loads(run("grafana"))["title"] == "Farthing"
