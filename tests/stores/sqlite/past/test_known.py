"""What numbers stand for, and turns of the clock by name."""

import pytest

from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.past.known import Found, Known, turn_of
from farthing.stores.sqlite.sums.names import MOST_VALUES, Names
from farthing.stores.sqlite.sums.tally import What

WHAT = What("openai", "gpt-4o", "standard", "/v1", "paid", "")
DAY_MS = 86_400_000


@pytest.fixture
def connection(tmp_path):
    connection = open_database(tmp_path / "f.db")
    yield connection
    connection.close()


def test_a_row_has_a_value_under_every_name():
    found = Found(EPOCH_MS, "bot", {"team": "a"}, WHAT, prompt="p1")
    shown = {name: found.value(name) for name in ("hour", "month", "model", "tier", "key", "team", "user")}
    assert shown == {
        "hour": "2026-01-01T00",
        "month": "2026-01",
        "model": "gpt-4o",
        "tier": "standard",
        "key": "bot",
        "team": "a",
        "user": "",
    }
    assert (found.value("prompt"), found.of_run("prompt"), found.of_run("team")) == ("", "p1", "a")


@pytest.mark.parametrize(
    ("name", "value", "days"), [("day", "2026-01-01", 1), ("month", "2026-01", 31), ("hour", "2026-01-01T00", 1 / 24)]
)
def test_a_turn_of_the_clock_goes_to_the_first_moment_of_the_next(name, value, days):
    assert turn_of(name, value) == (EPOCH_MS, EPOCH_MS + int(days * DAY_MS))


@pytest.mark.parametrize("value", ["", "yesterday", "2026-1-1", "2026-02-30", "9999-12-31"])
def test_what_is_no_day_has_no_length(value):
    first_ms, end_ms = turn_of("day", value)
    assert first_ms == end_ms


def test_conditions_on_wide_labels_name_those_whom_they_fit(connection):
    names = Names()
    names.within(connection)
    for place in range(MOST_VALUES):
        names.who("", f'{{"team":"a","user":"u{place}"}}')
    someone, nobody = names.who("", '{"team":"b","user":"u0"}')[0], names.who("", '{"team":"b"}')[0]
    known = Known(connection, (("team", "b"), ("user", "u0")))
    assert str(someone) in known.whos()
    assert str(nobody) in known.narrow()
    without = Known(connection, (("user", ""),)).whos()
    assert str(nobody) in without
    assert str(someone) not in without
    assert Known(connection, ()).whos() is Known(connection, ()).narrow() is Known(connection, ()).whats() is None


def test_conditions_on_what_was_called_name_its_numbers(connection):
    names = Names()
    names.within(connection)
    number = names.what(WHAT)
    names.what(WHAT._replace(model="other"))
    assert Known(connection, (("model", "gpt-4o"),)).whats() == f"[{number}]"
    assert Known(connection, (("model", "none"),)).whats() == "[]"
