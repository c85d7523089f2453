"""Verification: it says where, it needs no pause of others, and a kept seal finds whoever computes the chain anew."""

import asyncio
import sqlite3

import pytest

from farthing.stores.sqlite.chain.begin import begin
from farthing.stores.sqlite.chain.verify import verify
from support.audited import NOW_MS, audit_of, fill, more_calls


@pytest.fixture
def path(tmp_path):
    fill(tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


def change(path, *queries):
    connection = sqlite3.connect(path, isolation_level=None)
    for query in queries:
        connection.execute(query)
    connection.close()


def look(path, **more):
    return verify(path, now_ms=lambda: NOW_MS, **more)


def test_a_finding_names_table_row_link_and_time(path):
    audit_of(path).verify()
    change(
        path, "UPDATE attempt SET cost_nanos = cost_nanos - 1 WHERE id = (SELECT max(id) FROM attempt WHERE state = 2)"
    )
    (found,) = look(path).findings
    assert (found.table, found.what, found.at_ms) == ("attempt", "its settlement changed", NOW_MS)
    assert found.link is not None


def test_balances_are_the_sum_of_what_is_behind_them(path):
    audit_of(path).verify()
    change(path, "UPDATE account SET posted = posted - 1 WHERE unit = 'usd'")
    (found,) = look(path).findings
    assert found.table == "account"
    assert "adds up to" in found.what


def test_whoever_computes_the_chain_anew_is_found_by_a_seal_that_was_kept(path):
    audit = audit_of(path)
    kept = audit.seal()
    audit.close()
    change(path, "UPDATE attempt SET tier = 'x' WHERE state = 2", "DELETE FROM audit_link", "DELETE FROM audit_seal")
    change(path, "DELETE FROM audit_subject", "DELETE FROM audit_salt")
    connection = sqlite3.connect(path, isolation_level=None)
    begin(connection)
    connection.close()
    assert look(path).whole, "a chain alone cannot tell"
    assert not look(path, against=kept).whole


def test_an_older_copy_is_found_by_a_newer_seal(path, tmp_path):
    audit = audit_of(path)
    audit.seal()
    audit.close()
    backup = path.read_bytes()

    asyncio.run(more_calls(path, NOW_MS + 1))
    audit = audit_of(path)
    kept = audit.seal()
    audit.close()
    (tmp_path / "old.db").write_bytes(backup)
    whats = [found.what for found in look(tmp_path / "old.db", against=kept).findings]
    assert any("before the" in what for what in whats)


def test_what_is_no_text_is_read_all_the_same(path):
    audit_of(path).verify()
    change(path, "UPDATE call SET model = CAST(x'ff' AS TEXT) WHERE id = (SELECT min(id) FROM call)")
    assert [found.table for found in look(path).findings] == ["call"]


def test_progress_ends_at_the_end(path):
    audit_of(path).verify()
    told = []
    look(path, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
