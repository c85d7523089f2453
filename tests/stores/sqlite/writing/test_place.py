"""A place is a value: two of the same are the same."""

from pathlib import Path

from farthing.stores.sqlite.writing.place import Place


def clock() -> int:
    return 0


def test_unknown_outcomes_may_be_reported_for_ten_minutes_unless_told_otherwise():
    place = Place(path=Path("x.db"), clock=clock)
    assert place.unknown_after_ms == 600_000
    assert place == Place(path=Path("x.db"), clock=clock)
