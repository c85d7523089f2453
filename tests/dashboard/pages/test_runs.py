"""Runs and one run."""

from urllib.parse import quote

from farthing.accounts.run_receipt import Turn
from farthing.dashboard.pages.runs import address, context_of
from farthing.domain.money import usd
from support.dashboard_world import HOSTILE


def dearest(world):
    return world.gateway.engine.history.runs(since_ms=0, until_ms=2**45, order="cost", limit=1)[0]


def test_the_dearest_run_comes_first_and_its_page_has_the_same_cost(world, visitor):
    run = dearest(world)
    listing = visitor.get("/dashboard/runs?order=cost&since=90d").text
    assert listing.index(f">{run.run}<") == min(
        listing.index(f">{each.run}<")
        for each in world.gateway.engine.history.runs(since_ms=0, until_ms=2**45, limit=20)
        if f">{each.run}<" in listing
    )
    page = visitor.get(address(run.run)).text
    assert f'value="{usd(run.cost_nanos + run.other_nanos)}"' in page
    assert page.count("/dashboard/calls/call_") == run.calls


def test_a_run_page_shows_its_context_its_account_and_what_it_cost_beside_models(visitor, world):
    run = next(
        each
        for each in world.gateway.engine.history.runs(since_ms=0, until_ms=2**45, where=(("workflow", "reports"),))
        if each.outcome is not None
    )
    page = visitor.get(address(run.run)).text
    assert "data-chart" in page
    assert "Input written to the cache, 5 minutes" in page
    assert "beside models" in page
    assert "says <bdi" in page


def test_a_name_may_hold_anything_that_a_label_may(world, visitor):

    answer = visitor.get(f"/dashboard/runs/{quote(HOSTILE, safe='')}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    listing = visitor.get("/dashboard/calls").text
    assert "evil\\u202egnp.exe" in listing
    assert "\u202e" not in listing


def test_a_run_that_nobody_named_is_not_there(visitor):
    assert visitor.get("/dashboard/runs/nobody").status_code == 404


def test_the_context_of_no_turn_is_no_chart_and_parts_sum_to_the_input():
    assert context_of(()) is None
    turn = Turn(
        call=1,
        arrived_ms=1,
        model="m",
        outcome="paid",
        input_tokens=10,
        cache_read_input_tokens=4,
        output_tokens=1,
        nanos=1,
    )
    chart = context_of((turn, turn))
    assert [sum(values) for values in zip(*(series.values for series in chart.series), strict=True)] == [10, 10]


def test_an_empty_list_says_how_to_name_a_run(fresh_visitor):
    assert "x-farthing-labels: run=" in fresh_visitor.get("/dashboard/runs").text
