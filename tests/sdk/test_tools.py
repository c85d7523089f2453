"""Tools of a run: where they run, what they came to, and what stays of them."""

import threading

import pytest

import farthing
from farthing.sdk.engine import close_engines
from farthing.sdk.errors import Misused


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)
    yield
    close_engines()


def test_what_tools_did_stays_with_the_run(monkeypatch, tmp_path):
    monkeypatch.setenv("FARTHING_STORE", str(tmp_path / "farthing.db"))
    with farthing.budget("$1") as run:
        look = run.tool(name="look")(lambda q: q)
        look("a")
        look("b")
    _, (noted,) = run.local.engine.outcomes.of(run.name)
    assert (noted.kind, noted.nanos) == ("tool", 0)
    assert noted.note.startswith("look: 2 run, ")
    assert run.receipt.usd == "0"


def test_a_tool_of_a_budget_that_is_over_says_so():
    with farthing.budget("$1") as run:
        look = run.tool(name="look")(lambda: "x")
    with pytest.raises(Misused, match="is over"):
        look()


def test_models_that_a_tool_asks_are_charged_to_its_run_in_any_thread():
    with farthing.budget("$1") as run:
        from farthing.sdk.scope import current

        seen = []
        look = run.tool(name="look")(lambda: seen.append(current.get()))
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert dict(seen[0].labels)["run"] == run.name
