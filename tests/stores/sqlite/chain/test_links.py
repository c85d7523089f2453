"""The end of the chain: processes take turns at it, and a name is committed to once."""

import pytest

from farthing.audit.entry import Kind, pack
from farthing.stores.sqlite.chain.links import Chain, head_of, known_commitment
from farthing.stores.sqlite.connect import open_database


@pytest.fixture
def pair(tmp_path):
    opened = [open_database(tmp_path / "a.db") for _ in range(2)]
    yield opened
    for connection in opened:
        connection.close()


def test_links_of_two_writers_are_one_chain(pair):
    chains = [Chain(lambda: 1), Chain(lambda: 2)]
    for turn in range(6):
        connection, chain = pair[turn % 2], chains[turn % 2]
        chain.doubt()
        chain.add(connection, "batch", [pack(Kind.EVENT, turn, b"")])
    rows = pair[0].execute("SELECT prev, hash FROM audit_link ORDER BY seq").fetchall()
    assert [prev for prev, _ in rows[1:]] == [hash_ for _, hash_ in rows[:-1]]
    assert head_of(pair[1]).seq == 7


def test_a_name_is_committed_to_once(pair):
    connection, entries, chain = pair[0], [], Chain()
    once = chain.commitment(connection, entries, "user", "alice")
    chain.doubt()
    assert (
        chain.commitment(connection, entries, "user", "alice") == once == known_commitment(connection, "user", "alice")
    )
    assert chain.commitment(connection, entries, "user", "bob") != once
    assert len(entries) == 2
    assert known_commitment(connection, "user", "carol") is None


def test_labels_are_entered_the_same_way_each_time(pair):
    chain = Chain()
    labels = (("team", "a"), ("user", "alice"))
    entered = chain.enter(pair[0], [], labels)
    assert chain.labelled[labels] == entered
    assert b"alice" not in entered
