"""Where a budget is counted: on a shared file its run is announced, beats, and ends with its block."""

import pytest

import farthing
from farthing.domain.errors import LedgerUnavailable
from farthing.sdk.engine import close_engines, local_engine
from support.sdk_world import sdk


def known(name):
    return next((each for each in local_engine().engine.store.guards.known().runs if each.name == name), None)


def stored():
    return [each.name for each in local_engine().engine.directory.load().budgets]


def test_a_run_on_a_file_is_announced_and_ended(tmp_path):
    with sdk(store=str(tmp_path / "farthing.db")):
        with farthing.budget("$1", team="support") as run:
            assert known(run.name).beat_every_ms
            assert known(run.name).ended_ms is None
            assert stored() == [f"run {run.name}"]
        assert known(run.name).ended_ms
        assert stored() == []


def test_a_run_in_memory_is_nobody_elses_business():
    with sdk(), farthing.budget("$1") as run:
        assert known(run.name) is None


def test_a_budget_that_keeps_its_window_stays(tmp_path):
    with sdk(store=str(tmp_path / "farthing.db")):
        with farthing.budget("$1", name="nightly", window="day"):
            assert known("nightly") is None
        assert stored() == ["run nightly"]


def test_a_file_is_opened_again_to_be_asked_and_a_memory_is_gone(tmp_path):
    with sdk(store=str(tmp_path / "farthing.db")), farthing.budget("$1") as run:
        close_engines()
        assert run.remaining.usd == 1
    with sdk():
        with farthing.budget("$1") as run:
            pass
        close_engines()
        with pytest.raises(LedgerUnavailable):
            _ = run.remaining
