"""`farthing bill`: months, and closing one."""

import pytest

from farthing.billing.month import after, month_of
from farthing.config.engine import wall_ms
from support.billed_store import LAST, fill, world_with_other_costs
from support.shell import asked_json, invoke


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path)


def test_the_open_month_is_listed_with_what_it_costs_so_far(folder):
    found = asked_json("bill", "ls")
    assert (found["closed"], found["next"]) == ([], LAST)
    assert found["open"] == {
        "month": LAST,
        "lines": 10,
        "total_usd": "0.000855",
        "other_usd": "0",
        "open_attempts": 0,
        "unpriced_attempts": 1,
    }
    assert f"{LAST}   open" in invoke("bill", "ls").stdout


def test_closing_tells_a_month_for_good(folder):
    said = invoke("bill", "close", "last").stdout
    assert f"{LAST} is closed: $0.000855 in 10 lines" in said
    found = asked_json("bill", "ls")
    (closed,) = found["closed"]
    assert (closed["month"], closed["total_usd"], closed["corrections_usd"]) == (LAST, "0.000855", "0")
    assert closed["digest"] in said
    assert closed["by"].endswith("at the command line")
    assert found["open"]["month"] == after(LAST)
    assert "closed" in invoke("bill", "ls").stdout


def test_a_month_is_closed_once_and_only_when_it_is_over(folder):
    invoke("bill", "close", LAST)
    assert "closed already" in invoke("bill", "close", LAST, code=1).stderr
    assert "not over" in invoke("bill", "close", "this", code=1).stderr


def test_closing_prints_json_for_programs(folder):
    assert asked_json("bill", "close", LAST)["month"] == LAST


def test_what_is_no_month_says_how_one_is_written(folder):
    assert "2026-10, or `this` or `last`" in invoke("bill", "close", "october", code=2).stderr


def test_attempts_under_way_are_told(tmp_path, monkeypatch):
    from support.billing_world import billing_world
    from support.ledgers import Clock

    monkeypatch.chdir(tmp_path)
    (tmp_path / "farthing.toml").write_text('[providers.openai]\nformat = "openai"\n')
    with billing_world("sqlite", tmp_path, clock=Clock(wall_ms())) as world:
        world.open(wall_ms() - 1_000)
        world.durable()
        assert f"1 attempts of {month_of(wall_ms())} are open" in invoke("bill", "ls").stdout


def test_costs_beside_models_are_in_the_month_and_told_apart(folder):
    world_with_other_costs(folder)
    said = invoke("bill", "ls").stdout
    assert "beside models" in said
    assert "$0.05" in said
    assert asked_json("bill", "ls")["open"]["total_usd"] == "0.050855"
    assert "of it $0.05 are costs beside models" in invoke("bill", "close", LAST).stdout
    assert asked_json("bill", "ls")["closed"][0]["other_usd"] == "0.05"
