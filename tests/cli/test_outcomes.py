"""Outcomes from the command line: said, booked, shown, and what a success costs."""

import pytest

from farthing.domain.usage import Usage
from support.priced_past import call, keep, prompt
from support.shell import asked_json, invoke

SINCE = ("--since", "2026-11-01")
USAGE = Usage(input_tokens=1_000, output_tokens=100)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = [call(n, prompt(), USAGE, run=f"r{n}", workflow="triage") for n in range(3)]
    return keep(tmp_path / "farthing.db", records)


def test_a_run_is_judged_and_judged_again(store):
    invoke("outcomes", "set", "r1", "--fail", "--note", "wrong file")
    assert "succeeded, score 0.9" in invoke("outcomes", "set", "r1", "--success", "--score", "0.9").stdout
    shown = asked_json("outcomes", "show", "r1")
    assert (shown["outcome"]["success"], shown["outcome"]["score"], shown["outcome"]["note"]) == (True, 0.9, "")


def test_a_cost_is_booked_once(store):
    assert asked_json("outcomes", "cost", "r1", "0.05", "--kind", "search", "--once", "a")["booked"]
    assert not asked_json("outcomes", "cost", "r1", "0.05", "--kind", "search", "--once", "a")["booked"]
    assert "before" in invoke("outcomes", "cost", "r1", "0.05", "--once", "a").stdout
    (booked,) = asked_json("outcomes", "show", "r1")["costs"]
    assert (booked["kind"], booked["cost_usd"]) == ("search", "0.05")
    assert "$0.05" in invoke("outcomes", "show", "r1").stdout


def test_nobody_has_judged_yet(store):
    assert "nobody" in invoke("outcomes", "show", "r2").stdout
    assert asked_json("outcomes", "show", "r2")["outcome"] is None


def test_a_success_costs_what_the_failures_cost_too(store):
    invoke("outcomes", "set", "r0", "--success")
    invoke("outcomes", "set", "r1", "--fail")
    invoke("outcomes", "cost", "r1", "1")
    (row,) = asked_json("outcomes", "report", *SINCE)["rows"]
    assert (row["group"], row["runs"], row["judged"], row["succeeded"]) == ({"workflow": "triage"}, 3, 2, 1)
    assert row["usd_per_success"] == "1.007"
    assert row["failed_usd"] == "1.0035"
    assert (row["low_usd"], row["success_rate"]) == (None, 0.5)
    shown = invoke("outcomes", "report", *SINCE).stdout
    assert "needs 10 successes" in shown
    assert "1 of 3 runs were judged by nobody" in shown


def test_successes_are_compared_by_model_and_prompt(store):
    invoke("outcomes", "set", "r0", "--success")
    (row,) = asked_json("outcomes", "report", "--by", "model,prompt", *SINCE)["rows"]
    assert row["group"] == {"model": "gpt-4o", "prompt": ""}


def test_no_runs_are_said_to_be_none(store):
    assert "no runs" in invoke("outcomes", "report", "--since", "2020-01-01", "--until", "2020-01-02").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "r1"), "--success or --fail"),
        (("set", "r1", "--success", "--score", "2"), "--score"),
        (("set", "bad\nname", "--success"), "RUN"),
        (("set", "r1", "--success", "--note", "x" * 201), "--note"),
        (("cost", "r1", "much"), "AMOUNT"),
        (("cost", "r1", "1", "--kind", ""), "--kind"),
    ],
)
def test_a_mistake_says_what_is_wrong(store, words, said):
    assert said in invoke("outcomes", *words, code=2).output
