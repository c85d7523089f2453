"""`farthing bill statement`: for people, for programs and as a table."""

import csv
import io

import pytest

from farthing.billing.month import after
from support.billed_store import EACH_USD, LAST, fill, world_with_other_costs
from support.shell import asked_json, invoke


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path)


def test_each_team_pays_its_own_and_its_part_of_what_is_shared(folder):
    search, support = asked_json("bill", "statement")
    assert (search["team"], search["direct"], search["shared"], search["total"]) == (
        "search",
        EACH_USD,
        "0.0001425",
        "0.0004275",
    )
    assert (support["unpriced_attempts"], search["unpriced_attempts"]) == (1, 0)


def test_people_read_one_page_a_team(folder):
    said = invoke("bill", "statement").stdout
    assert f"Platform: team search, {LAST}, USD" in said
    assert "part of shared costs, by direct" in said
    assert "1 attempts have no known price and are not in it" in said
    assert "all 2 statements: $0.000855" in said


def test_one_team_alone_and_in_another_currency(folder):
    (found,) = asked_json("bill", "statement", "--team", "search", "--currency", "eur")
    assert (found["currency"], found["total"], found["total_usd"]) == ("EUR", "0.000342", "0.0004275")
    assert (
        "$0.0004275 at the rate of each day"
        in invoke("bill", "statement", "--team", "search", "--currency", "EUR").stdout
    )


def test_mistakes_say_what_there_is(folder):
    assert "with charges are: search, support" in invoke("bill", "statement", "--team", "sales", code=1).stderr
    assert "[currencies.CHF]" in invoke("bill", "statement", "--currency", "CHF", code=1).stderr
    assert "three letters" in invoke("bill", "statement", "--currency", "euros", code=2).stderr
    assert "nothing was spent in 2020-01" in invoke("bill", "statement", "--month", "2020-01").stdout


def test_a_table_of_all_items(folder):
    rows = list(csv.DictReader(io.StringIO(invoke("bill", "statement", "--format", "csv").stdout)))
    assert [(row["team"], row["kind"]) for row in rows] == [
        ("search", "direct"),
        ("search", "shared"),
        ("support", "direct"),
        ("support", "direct"),
        ("support", "shared"),
    ]
    assert rows[0]["agent"] == "'=bot"


def test_corrections_are_told_with_the_month_they_correct(folder):
    from farthing.config.engine import wall_ms
    from support.billed_store import USAGE
    from support.billing_world import billing_world
    from support.ledgers import Clock

    invoke("bill", "close", LAST)
    with billing_world("sqlite", folder, clock=Clock(wall_ms())) as world:
        from farthing.billing.month import span_of

        world.calls = [None] * 9
        number = world.open(span_of(LAST)[0] + 9_000, team="support", agent="late")
        world.settle(number, USAGE)
        world.durable()
    said = invoke("bill", "statement", "--month", after(LAST)).stdout
    assert f"corrects {LAST}: late, gpt-4o-mini ${EACH_USD}" in said


def test_costs_beside_models_are_rows_of_their_own(folder):
    world_with_other_costs(folder)
    said = invoke("bill", "statement", "--team", "support").stdout
    assert "beside models: search" in said
    assert "$0.05 of it are costs beside models" in said
    (found,) = asked_json("bill", "statement", "--team", "support")
    assert [(item["other"], item["amount"]) for item in found["items"] if item["other"]] == [("search", "0.05")]
    assert found["other"] == "0.05"


def test_a_late_cost_beside_models_is_a_correction_by_name(folder):
    invoke("bill", "close", LAST)
    world_with_other_costs(folder)
    said = invoke("bill", "statement", "--month", after(LAST), "--team", "support").stdout
    assert f"corrects {LAST}: beside models: search $0.05" in said
