"""The beginning: what was there before the chain is taken up whole, once."""

import sqlite3

from farthing.stores.sqlite.audit_begin import begin
from support.audited import audit_of, fill


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
