"""Burn rate as people and programs see it."""

import pytest

from farthing.cli.usage.burn import plain_burn
from farthing.config.engine import wall_ms
from farthing.domain.money import usd
from farthing.domain.usage import Usage
from farthing.reports.forecast import burn
from support.priced_past import call, keep, prompt
from support.shell import asked_json, invoke

DAY_MS = 86_400_000


@pytest.fixture
def paid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    now = wall_ms()
    records = [
        call(back, prompt(), Usage(input_tokens=1_000, output_tokens=100), at_ms=now - back * DAY_MS, team="a")
        for back in range(20)
    ]
    keep(tmp_path / "farthing.db", records)
    return records[0].attempts[0].cost_nanos


def test_it_tells_what_was_spent_and_where_the_month_ends(paid):
    found = asked_json("usage", "burn")
    assert found["yesterday_usd"] == found["week_mean_usd"] == usd(paid)
    assert found["forecast"]["days"] == 19
    shown = invoke("usage", "burn").stdout
    assert "four times in five" in shown
    assert "forecast from 19 whole days" in shown


def test_other_teams_have_other_forecasts(paid):
    found = asked_json("usage", "burn", "--where", "team=b")
    assert (found["month_usd"], found["forecast"]) == ("0", None)
    assert "no forecast" in invoke("usage", "burn", "--where", "team=b").stdout


def test_where_nothing_is_known_programs_get_null():
    assert plain_burn(burn({}, 0))["week_mean_usd"] is None
