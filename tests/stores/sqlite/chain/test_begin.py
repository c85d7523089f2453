"""The beginning: what was there before the chain is taken up whole, once."""

import sqlite3

import pytest

from farthing.stores.sqlite.chain import begin as module
from farthing.stores.sqlite.chain.begin import begin
from farthing.stores.sqlite.chain.verify import verify
from support.audited import NOW_MS, audit_of, fill


def test_what_was_there_before_the_chain_is_taken_up_once(tmp_path):
    path = tmp_path / "ledger.db"
    fill(path)
    connection = sqlite3.connect(path, isolation_level=None)
    for table in ("audit_link", "audit_salt", "audit_subject"):
        connection.execute(f"DELETE FROM {table}")
    begin(connection)
    begin(connection)
    assert {kind for (kind,) in connection.execute("SELECT kind FROM audit_link")} == {"begin"}
    connection.close()
    audit = audit_of(path)
    assert audit.verify().findings == ()
    audit.close()


def test_an_empty_file_begins_with_one_empty_link(tmp_path):
    audit = audit_of(tmp_path / "new.db")
    assert audit.state().links == 1
    assert audit.verify().whole
    audit.close()


@pytest.mark.parametrize("page", [1, 7, 1_000])
def test_the_past_is_taken_up_in_pages_and_goes_on_where_somebody_died(tmp_path, page, monkeypatch):
    """Each page is a transaction; a process that dies between two of them leaves the rest to the next."""
    fill(tmp_path / "a.db")
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    for table in ("audit_link", "audit_salt", "audit_subject", "audit_seal"):
        connection.execute(f"DELETE FROM {table}")
    monkeypatch.setattr(module, "PAGE", page)
    dying = sqlite3.connect(tmp_path / "a.db", isolation_level=None, factory=Dying)
    with pytest.raises(KeyboardInterrupt):
        module.begin(dying)
    dying.close()
    module.begin(connection)
    module.begin(connection)
    kinds = connection.execute("SELECT DISTINCT kind FROM audit_link").fetchall()
    left = connection.execute("SELECT count(*) FROM meta WHERE name = ?", (module.PLACE,)).fetchone()
    connection.close()
    assert (kinds, left) == ([("begin",)], (0,))
    assert verify(tmp_path / "a.db", now_ms=lambda: NOW_MS).findings == ()


class Dying(sqlite3.Connection):
    """Is interrupted at its third commit, or at its first where there are no three."""

    commits = 0

    def execute(self, text, *values):
        if text == "COMMIT":
            Dying.commits += 1
            if Dying.commits >= 3 or module.PAGE >= 1_000:
                Dying.commits = 0
                raise KeyboardInterrupt
        return super().execute(text, *values)
