"""Numbers for whom and what, and when a label becomes wide."""

import pytest

from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.sums.names import MOST_VALUES, Names, wide_labels
from farthing.stores.sqlite.sums.tally import What


@pytest.fixture
def connection(tmp_path):
    connection = open_database(tmp_path / "f.db")
    yield connection
    connection.close()


def names_within(connection):
    names = Names()
    names.within(connection)
    return names


def test_the_same_is_the_same_number_however_often_it_is_asked_for(connection):
    what = What("openai", "gpt-4o", "standard", "/v1", "paid", "")
    first = (names_within(connection).who("bot", '{"team":"a"}'), names_within(connection).what(what))
    again = (names_within(connection).who("bot", '{"team":"a"}'), names_within(connection).what(what))
    assert first == again
    assert names_within(connection).who("", '{"team":"a"}') != first[0]


def test_few_values_stay_in_the_narrow_part(connection):
    number, narrow = names_within(connection).who("", '{"team":"a","user":"u"}')
    assert number == narrow
    assert wide_labels(connection) == set()


def test_a_label_with_many_values_is_left_out_of_the_narrow_part_from_then_on(connection):
    names = names_within(connection)
    for place in range(MOST_VALUES):
        names.who("", f'{{"team":"a","user":"u{place}"}}')
    assert wide_labels(connection) == {"user"}
    one, other = names.who("", '{"team":"a","user":"x"}'), names.who("", '{"team":"a","user":"y"}')
    assert one[1] == other[1] == names.who("", '{"team":"a"}')[0]
    assert one[0] != other[0]
