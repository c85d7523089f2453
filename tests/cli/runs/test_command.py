"""Runs at the command line: listed, shown, ended, suspended and resumed."""

import pytest

from farthing.stores.sqlite.guards import SqliteGuards
from support.admin import BUDGET, chat
from support.gateway import gateway_and_provider
from support.shell import asked_json, invoke


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The store of a gateway that served two calls of one run and one of another, and is gone."""
    monkeypatch.chdir(tmp_path)
    with gateway_and_provider(tmp_path, BUDGET) as (gateway, _):
        for labels in ("run=r1,agent=a", "run=r1,agent=b", "run=r2"):
            assert chat(gateway, x_farthing_labels=labels).status_code == 200
        gateway.flush()
    return tmp_path / "farthing.db"


def test_runs_that_called_and_runs_that_were_spoken_for_are_listed(store):
    guards = SqliteGuards(store, now_ms=lambda: 1)
    guards.start("r3", by="bot", parent="r1", who="key bot")
    guards.close()
    listed = {run["run"]: run for run in asked_json("runs", "ls")["runs"]}
    assert {name: run["calls"] for name, run in listed.items()} == {"r1": 2, "r2": 1, "r3": 0}
    assert (listed["r3"]["key"], listed["r3"]["parent"]) == ("bot", "r1")
    assert "r1" in invoke("runs", "ls").output


def test_the_account_of_a_run_is_by_agent_and_model(store):
    shown = asked_json("runs", "show", "r1")
    assert [(each["agent"], each["model"], each["calls"]) for each in shown["usage"]] == [
        ("a", "gpt-4o-mini", 1),
        ("b", "gpt-4o-mini", 1),
    ]
    assert "r1: open, 2 calls, $" in invoke("runs", "show", "r1").output
    assert shown["receipt"]["cost_usd"] == shown["cost_usd"] == shown["receipt"]["total_usd"]
    assert [part["name"] for part in shown["receipt"]["by_agent"]] == ["a", "b"]
    assert "no run 'never'" in invoke("runs", "show", "never", code=1).output


def test_a_run_is_ended_and_resumed(store):
    assert asked_json("runs", "end", "r1")["run"] == "r1"
    assert asked_json("runs", "show", "r1")["phase"] == "ended"
    assert "ended 2" in invoke("runs", "show", "r1").output
    assert asked_json("runs", "resume", "r1")["reopened"]
    assert asked_json("runs", "show", "r1")["phase"] == "open"


def test_a_suspended_user_is_listed_until_it_is_resumed(store):
    invoke("runs", "suspend", "--label", "user=ann", "--why", "a leak")
    (found,) = asked_json("runs", "ls")["suspensions"]
    assert (found["label"], found["value"], found["why"]) == ("user", "ann", "a leak")
    assert "user ann is suspended" in invoke("runs", "ls").output
    invoke("runs", "resume", "--label", "user=ann")
    assert asked_json("runs", "ls")["suspensions"] == []


def test_a_run_or_a_label_must_be_named_and_not_both(store):
    invoke("runs", "suspend", code=2)
    invoke("runs", "suspend", "r1", "--label", "user=ann", code=2)
    invoke("runs", "resume", "--label", "nonsense", code=2)


def test_a_run_that_promised_and_fell_silent_is_shown_as_orphaned(store):
    guards = SqliteGuards(store, now_ms=lambda: 1)
    guards.start("r7", by="bot", beat_every_ms=1_000, who="key bot")
    guards.land("r8", agent="a")
    guards.close()
    listed = {run["run"]: run["phase"] for run in asked_json("runs", "ls")["runs"]}
    assert (listed["r7"], listed["r8"]) == ("orphaned", "landed")
    assert "heartbeat every 1 s" in invoke("runs", "show", "r7").output
    assert "had its last answer: a" in invoke("runs", "show", "r8").output
