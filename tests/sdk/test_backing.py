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


def test_a_budget_names_its_store_and_those_within_it_are_counted_there(tmp_path):
    file = str(tmp_path / "farthing.db")
    with sdk(), farthing.budget("$1", store=file) as run:
        assert run.scope.store == run.environ["FARTHING_STORE"] == file
        with farthing.budget("$1") as inner, farthing.budget("$1", store=file) as innermost:
            assert inner.scope.store == innermost.scope.store == file
        with (
            pytest.raises(farthing.Misused, match="all of its budgets or to none"),
            farthing.budget("$1", store="x.db"),
        ):
            raise AssertionError("it was entered")


def test_a_budget_of_a_joined_run_is_counted_where_the_run_is(tmp_path):
    file = str(tmp_path / "farthing.db")
    with sdk(store=file, run="run-of-somebody"):
        with farthing.budget("$1", store=file) as run:
            assert dict(run.scope.labels)["run"] == "run-of-somebody"
        with pytest.raises(farthing.Misused, match="the run of FARTHING_RUN"), farthing.budget("$1", store="x.db"):
            raise AssertionError("it was entered")


@pytest.mark.parametrize("store", ["", 7])
def test_what_is_no_store_is_named(store):
    with sdk(), pytest.raises(farthing.Misused, match="store is a file or a gateway's address"):
        farthing.budget("$1", store=store).__enter__()
