"""The file of content: its owner's alone, beside the ledger, and deleted is deleted."""

import stat

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.ports.content import Content
from farthing.stores.sqlite.content import SqliteContents, place_of


def texts(call, words):
    return Content(call=call, at_ms=1, request=words, answer="")


def test_it_lies_beside_the_ledger(tmp_path):
    assert place_of(tmp_path / "farthing.db") == tmp_path / "farthing.content.db"


def test_no_file_is_made_before_there_is_a_text(tmp_path):
    contents = SqliteContents(tmp_path / "c.db")
    assert contents.of(1) is None
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_its_owners_alone(tmp_path):
    contents = SqliteContents(tmp_path / "c.db")
    contents.put((texts(1, "x"),))
    assert stat.S_IMODE((tmp_path / "c.db").stat().st_mode) == 0o600
    contents.close()


def test_what_was_deleted_is_in_no_byte_of_it(tmp_path):
    contents = SqliteContents(tmp_path / "c.db")
    contents.put((texts(1, "a"),))
    kept = raw(tmp_path)
    contents.put((texts(2, "b"),))
    contents.drop((1,))
    contents.drop((2,))
    contents.close()
    document = kept[kept.index(b"x\x9c") :][:20]
    assert len(document) == 20
    assert document not in raw(tmp_path)


def raw(folder):
    return b"".join(
        path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.name.startswith("c.db") and "shm" not in path.name
    )


def test_two_processes_may_keep_texts_in_one_file(tmp_path):
    one, other = SqliteContents(tmp_path / "c.db"), SqliteContents(tmp_path / "c.db")
    one.put((texts(1, "a"),))
    other.put((texts(2, "b"),))
    assert one.of(2) == texts(2, "b")
    one.close()
    other.close()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(LedgerUnavailable, match="no content is kept"):
        SqliteContents(tmp_path / "nowhere" / "c.db").put((texts(1, "a"),))
