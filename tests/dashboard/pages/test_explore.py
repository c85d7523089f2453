"""Explore: what it shows, what it gives away as files, and what its address holds."""

import csv
import io
import json

from farthing.dashboard.forms import query_of
from farthing.dashboard.pages.explore import FEW, Question, read
from farthing.domain.money import usd


def test_the_table_is_the_history_to_the_nano_dollar(world, visitor):
    page = visitor.get("/dashboard/explore?by=workflow&by=model&since=90d").text
    rows = world.gateway.engine.history.usage(by=("workflow", "model"), since_ms=0, until_ms=2**45)
    assert len(rows) >= 5
    for row in rows:
        assert f'value="{usd(row.cost_nanos)}"' in page
    assert f'value="{usd(sum(row.cost_nanos for row in rows))}"' in page


def test_filters_narrow_it_down_and_stand_in_the_address(visitor):
    added = visitor.get("/dashboard/explore?by=user&add=team&is=research")
    assert added.status_code == 303
    assert added.headers["location"] == "/dashboard/explore?by=user&where=team%3Aresearch"
    page = visitor.get(added.headers["location"]).text
    assert "Remove the filter team is research" in page
    assert "gpt-4o-mini" not in page


def test_csv_and_json_hold_every_row_with_exact_amounts(world, visitor):
    query = "by=team&by=model&since=90d"
    rows = world.gateway.engine.history.usage(by=("team", "model"), since_ms=0, until_ms=2**45)
    answer = visitor.get(f"/dashboard/explore.csv?{query}")
    assert "attachment" in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert {(each["model"], each["cost_usd"]) for each in lines} == {
        (row.group[1], usd(row.cost_nanos)) for row in rows
    }
    told = json.loads(visitor.get(f"/dashboard/explore.json?{query}").text)
    assert len(told["rows"]) == len(rows)
    assert told["by"] == ["team", "model"]


def test_no_name_of_others_is_a_formula_in_a_file(fresh, fresh_visitor):
    for value in ("=1+1", "+cmd", "-2", "@sum", "plain"):
        fresh.strange(value)
    fresh.gateway.flush()
    lines = list(
        csv.DictReader(io.StringIO(fresh_visitor.get("/dashboard/explore.csv?by=team&where=model:gpt-4o-mini").text))
    )
    assert {each["team"] for each in lines} == {"'=1+1", "'+cmd", "'-2", "'@sum", "plain"}


def test_nonsense_in_the_address_is_left_out(visitor):
    page = visitor.get("/dashboard/explore?by=Bad%20Name&by=<script>&since=x&sort=evil&measure=no&where=broken&page=-1")
    assert page.status_code == 200
    assert "Cost by model" in page.text


def test_a_day_is_drawn_by_hour_and_every_measure_can_be(visitor):
    for measure in ("cost", "calls", "tokens", "saved"):
        assert visitor.get(f"/dashboard/explore?since=24h&measure={measure}").status_code == 200


def test_an_empty_time_says_what_to_do(visitor):
    page = visitor.get("/dashboard/explore?from=2020-01-01&to=2020-01-02&where=team:x").text
    assert "No calls in 2020-01-01 to 2020-01-02 that fit the filters" in page
    assert "remove the filters" in page


def test_many_groups_are_drawn_like_few_the_largest_by_name_and_the_rest_in_one(world):
    engine, now = world.gateway.engine, world.gateway.engine.now_ms()
    question = Question.of(query_of(b"by=run&since=90d"), now)
    found = read(engine, question)
    assert len(found.rows) > FEW
    *named, others = found.chart.series
    assert others.label == f"all others ({len(found.rows) - len(named)})"
    drawn = round(sum(sum(series.values) for series in found.chart.series) * 10**9)
    assert drawn == found.whole.cost_nanos


def test_of_very_many_groups_the_dearest_are_shown_and_the_whole_is_of_all(world):
    engine, now = world.gateway.engine, world.gateway.engine.now_ms()
    question = Question.of(query_of(b"by=run&since=90d"), now)
    every, some = read(engine, question), read(engine, question, 3)
    assert (every.cut, some.cut) == (False, True)
    assert sorted(row.cost_nanos for row in some.rows) == sorted(row.cost_nanos for row in every.rows)[-3:]
    assert (some.whole.cost_nanos, some.whole.calls) == (every.whole.cost_nanos, every.whole.calls)
