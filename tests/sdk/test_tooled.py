"""The part of a run that is about tools: decorators, counts, and which run a tool belongs to."""

import pytest

import farthing
from farthing.sdk.engine import close_engines


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)
    yield
    close_engines()


def test_the_tools_of_a_run_share_their_counts_and_others_have_their_own():
    with farthing.budget("$1") as one, farthing.budget("$1") as other:
        look = one.tool(name="look")(lambda n: n)
        also = other.tool(name="look")(lambda n: n)
        look(1)
        look(2)
        also(1)
        assert (one.tools["look"].calls, other.tools["look"].calls) == (2, 1)


def test_a_tool_of_a_run_is_not_wrapped_again():
    with farthing.budget("$1") as run:
        look = run.tool(name="look")(lambda n: n)
        assert run.tool(look) is look


def test_names_are_at_hand_and_load_nothing_until_then():
    assert farthing.ToolRefused.__name__ == "ToolRefused"
    assert issubclass(farthing.NotCharged, Exception)
