"""Frames from a store's file: equal to what the ledger says."""

import pytest

from farthing.cli.options import settings_from
from farthing.cli.top.store import store_feed, who
from farthing.config.engine import wall_ms
from farthing.domain.budget import Unit
from support.filled_store import PAID, USAGE, fill


@pytest.fixture
def frame(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "farthing.db")
    with store_feed(settings_from(None), wall_ms) as feed:
        yield feed.read()


def test_it_tells_what_the_ledger_says(frame):
    assert (frame.hour.nanos, frame.now.nanos) == (PAID.nanos, PAID.nanos)
    assert (frame.hour.calls, frame.hour.refused, frame.hour.open) == (3, 1, 1)
    assert frame.burn_nanos == 12 * PAID.nanos
    (model,) = frame.busy["model"]
    assert (model.name, model.nanos) == ("gpt-4o-mini", PAID.nanos)
    assert model.tokens == USAGE.input_tokens + USAGE.output_tokens


def test_calls_come_the_newest_first_with_how_they_ended(frame):
    assert [(call.outcome, call.open) for call in frame.calls] == [("unknown", 1), ("budget_exceeded", 0), ("paid", 0)]


def test_a_budget_of_the_store_stands_as_its_accounts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "farthing.db")
    (tmp_path / "farthing.toml").write_text(
        '[[budgets]]\nname = "all"\nlimit = "1 USD"\ncalls = 10\nwindow = "lifetime"\n'
    )
    with store_feed(settings_from(tmp_path / "farthing.toml"), wall_ms) as feed:
        lines = {line.unit: line for line in feed.read().budgets}
    assert lines[Unit.USD].spent > PAID.nanos
    assert (lines[Unit.CALLS].limit, lines[Unit.CALLS].spent) == (10, 2)


def test_who_is_told_in_a_word_or_two():
    assert who((("agent", "a"), ("run", "r"), ("tag.x", "y"))) == "r a"
