"""Which time is meant: ago, a day, or a moment."""

import click
import pytest

from farthing.cli.options import settings_from
from farthing.cli.past import moment_from, open_past
from support.filled_store import fill
from support.shell import invoke

NOW = 1_795_305_600_000  # 2026-11-22T00:00Z


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("90m", NOW - 5_400_000),
        ("4w", NOW - 2_419_200_000),
        ("2026-11-21", NOW - 86_400_000),
        ("2026-11-21T23:00Z", NOW - 3_600_000),
        ("2026-11-22T01:00+02:00", NOW - 3_600_000),
    ],
)
def test_a_time_is_told_as_people_do(text, ms):
    assert moment_from(text, NOW) == ms


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7y", "2026-13-01"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(click.BadParameter, match="2026-11-01"):
        moment_from(text, NOW)


def test_history_explains_costs_by_the_book_in_force(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "farthing.db")
    with open_past(settings_from(None)) as past:
        (row,) = past.history.usage(by=(), since_ms=0, until_ms=2**53)
    assert row.naive_nanos > row.cost_nanos > 0


def test_a_store_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "farthing serve" in invoke("usage", "burn", code=69).output
