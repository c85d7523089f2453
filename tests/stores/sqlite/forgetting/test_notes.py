"""Followers' notes: the name goes, the sums beside it stay."""

import msgspec

from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.forgetting.notes import rewrite_notes
from farthing.stores.sqlite.forgetting.rows import Erasing


def test_a_name_in_notes_is_renamed(tmp_path):
    connection = open_database(tmp_path / "a.db")
    notes = {"spent": [[["chat", 'a"b'], 5]], "at": 7}
    connection.execute("INSERT INTO follower VALUES ('tally', '', 0, ?)", (msgspec.json.encode(notes),))
    assert rewrite_notes(connection, Erasing("user", "nobody", "P")) == 0
    assert rewrite_notes(connection, Erasing("user", 'a"b', "P")) == 1
    (kept,) = connection.execute("SELECT progress FROM follower").fetchone()
    assert msgspec.json.decode(kept) == {"spent": [[["chat", "P"], 5]], "at": 7}
    connection.close()
