"""What may be said of a tool."""

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


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"cost": lambda result: "$1"}, "most"),
        ({"cost": "$0.01", "most": "$0.02"}, "most"),
        ({"cost": "a lot"}, "not an amount"),
        ({"cost": 0.01}, "a float cannot hold it exactly"),
        ({"cost": 1}, "cost must be an amount"),
        ({"limit": 0}, "limit"),
        ({"limit": "5"}, "limit"),
        ({"minutes": -1}, "minutes"),
    ],
)
def test_what_cannot_be_said_of_a_tool_says_which_word(said, word):
    with farthing.budget("$1") as run, pytest.raises(Misused, match=word):
        run.tool(name="buy", **said)(lambda: None)
