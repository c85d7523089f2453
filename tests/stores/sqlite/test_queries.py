"""The queries themselves: they use the primary key, and take every value as a value."""

import pytest

from farthing.domain.ids import EPOCH_MS, Mint
from farthing.stores.sqlite import queries
from farthing.stores.sqlite.connect import open_database


@pytest.fixture
def connection(tmp_path):
    connection = open_database(tmp_path / "farthing.db")
    yield connection
    connection.close()


def plan(connection, query: str, values: tuple) -> str:
    return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values))


def test_a_page_of_sums_reads_only_its_own_calls_and_their_attempts(connection):
    query, names = queries.sums(("team", "model", "day"))
    assert names == ("team",)
    how = plan(connection, query, (*names, 0, 10, 0, 10))
    assert "SEARCH c USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in how
    assert "SEARCH a USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in how
    assert "SCAN c" not in how
    assert "SCAN a" not in how


def test_a_page_of_calls_reads_only_its_own(connection):
    where, values = queries.filters(key="k", labels=(("team", "a"),), outcome="paid")
    how = plan(connection, queries.SUMMARIES.format(where=where), (0, 10, *values, 5))
    assert "SEARCH c USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in how
    assert "SCAN c" not in how


def test_names_and_values_with_quotes_stay_values(connection):
    nasty = """a'"); DROP TABLE call; --"""
    query, names = queries.sums((nasty,))
    assert connection.execute(query, (*names, 0, 10, 0, 10)).fetchall() == []
    where, values = queries.filters(key=nasty, labels=((nasty, nasty),), outcome=nasty)
    assert connection.execute(queries.SUMMARIES.format(where=where), (0, 10, *values, 5)).fetchall() == []


def test_every_call_that_arrived_since_then_has_an_id_above_the_floor():
    for at in (0, EPOCH_MS, EPOCH_MS + 123_456_789):
        assert Mint(0)(max(at, EPOCH_MS)) > queries.id_floor(at) or at <= EPOCH_MS
        assert queries.id_floor(at) >= 0
