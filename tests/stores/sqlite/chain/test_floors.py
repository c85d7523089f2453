"""Floors: what was dropped is told by group and number."""

from farthing.audit.entry import Entry, Kind, pack
from farthing.stores.sqlite.chain.floors import Floors, floors_of
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.connect import open_database


def test_calls_and_attempts_up_to_the_floor_are_gone_and_nothing_else():
    floors = Floors()
    floors.hear(Entry(Kind.FLOOR, 10, b""))
    floors.hear(Entry(Kind.FLOOR, 5, b""))
    floors.hear(Entry(Kind.DROPPED_ADJUSTMENT, 3, b""))
    assert floors.dropped(Kind.OPENED, 10)
    assert floors.dropped(Kind.SETTLED, 9)
    assert not floors.dropped(Kind.OPENED, 11)
    assert not floors.dropped(Kind.ACCOUNT, 1)
    assert [floors.dropped(Kind.ADJUSTED, number) for number in (2, 3)] == [False, True]


def test_floors_are_read_from_the_chain(tmp_path):
    connection = open_database(tmp_path / "a.db")
    Chain().add(connection, "prune", [pack(Kind.BASE, 1, b""), pack(Kind.CUT, 1, b"")])
    floors = floors_of(connection)
    assert (floors.cut, floors.before.seq) == (1, 1)
    connection.close()
