"""A batch: what was said is one link, and what was not said is none."""

from farthing.audit.entry import NOTHING, Kind, unpack
from farthing.stores.sqlite.chain.batch import Batch
from farthing.stores.sqlite.chain.links import Chain, head_of
from farthing.stores.sqlite.connect import open_database


def test_a_batch_is_one_link_and_nothing_is_none(tmp_path):
    connection = open_database(tmp_path / "a.db")
    before = head_of(connection)
    Batch(connection, Chain()).link()
    assert head_of(connection) == before
    batch = Batch(connection, Chain())
    batch.closed(Kind.CLOSED, [("paid", 200, 1, 1, "", "", 7), ("failed", 500, 1, 1, "", "because", 8)])
    batch.touched(Kind.BUDGET, "gone")
    batch.link()
    (entries,) = connection.execute("SELECT entries FROM audit_link ORDER BY seq DESC LIMIT 1").fetchone()
    kinds = [(entry.kind, entry.digest == NOTHING) for entry in unpack(entries)]
    assert kinds == [(Kind.CLOSED, False), (Kind.CLOSED, False), (Kind.BUDGET, True)]
    assert connection.execute("SELECT number FROM audit_salt").fetchall() == [(8,)], "words are salted"
    connection.close()
