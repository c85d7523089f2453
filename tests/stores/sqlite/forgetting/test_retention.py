"""Retention: what is too old goes and is named, what it came to stays, and what is open is never touched."""

import asyncio
import sqlite3

import pytest

from farthing.audit.retention import DAY_MS
from farthing.ports.audit import Ages
from farthing.stores.sqlite import verify as sums
from farthing.stores.sqlite.chain.tables import skeleton_dropped
from farthing.stores.sqlite.ledger import SqliteLedger
from support.audited import NOW_MS, audit_of, fill, more_calls

LATER_MS = NOW_MS + 500 * DAY_MS
BY_DEFAULT = Ages()


def ask(path, query, *values):
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def charge_unknown(path):
    ledger = SqliteLedger.open(path, clock=lambda: NOW_MS * 3)
    ledger.sweep_now()
    ledger.close_now()


@pytest.fixture
def path(tmp_path):
    """Old calls, all ended, sealed and summed up."""
    path = tmp_path / "ledger.db"
    fill(path)
    charge_unknown(path)
    audit = audit_of(path)
    audit.seal()
    audit.close()
    ask(path, "UPDATE horizon SET summed_ms = ?", LATER_MS)
    return path


def pruned(path, ages=BY_DEFAULT, now_ms=LATER_MS):
    """Everything that was dropped; after each piece the chain holds."""
    audit = audit_of(path, now_ms)
    total = {}
    try:
        while (done := audit.prune(ages)).more:
            for name, count in done.rows.items():
                total[name] = total.get(name, 0) + count
            assert audit.verify().findings == ()
        return total, audit.verify()
    finally:
        audit.close()


def test_old_calls_and_links_go_and_accounts_stay(path):
    asyncio.run(more_calls(path, LATER_MS - DAY_MS))
    before = ask(path, "SELECT unit, sum(posted) FROM account GROUP BY unit")
    total, verdict = pruned(path)
    assert (total["calls"], total["segments"]) == (28, 1)
    assert total["links"] > 20
    assert len(verdict.pruned) == 4
    assert ask(path, "SELECT unit, sum(posted) FROM account GROUP BY unit") == before
    assert sums.verify(path) == []


def test_what_goes_is_named_so_what_else_goes_is_found(path):
    asyncio.run(more_calls(path, LATER_MS - DAY_MS))
    pruned(path)
    ask(path, "DELETE FROM call WHERE id = (SELECT max(id) FROM call)")
    audit = audit_of(path, LATER_MS)
    assert not audit.verify().whole
    audit.close()


def test_nothing_goes_that_is_not_sealed(tmp_path):
    path = tmp_path / "ledger.db"
    fill(path)
    charge_unknown(path)
    ask(path, "UPDATE horizon SET summed_ms = ?", LATER_MS)
    total, _ = pruned(path, Ages(skeletons=None))
    assert total == {}


def test_nothing_goes_that_is_not_summed_up(path):
    ask(path, "UPDATE horizon SET summed_ms = 0")
    assert pruned(path, Ages(skeletons=None))[0] == {}


def test_nothing_open_or_unknown_goes_nor_what_came_after_it(tmp_path):
    path = tmp_path / "ledger.db"
    fill(path)
    audit = audit_of(path)
    audit.seal()
    audit.close()
    ask(path, "UPDATE horizon SET summed_ms = ?", LATER_MS)
    pruned(path)
    (first_open,) = ask(path, "SELECT min(id) FROM attempt WHERE state < 2")[0]
    assert ask(path, "SELECT min(id) FROM call")[0][0] == first_open - 1


def test_skeletons_leave_their_digests(path):
    total, verdict = pruned(path, Ages(calls=None, audit=None))
    assert total == {"skeletons": 28}
    assert "skeletons" in verdict.pruned[0]
    ask(
        path,
        "UPDATE call SET skeleton = CAST(replace(skeleton, 'a', 'b') AS BLOB) WHERE id = (SELECT min(id) FROM call)",
    )
    audit = audit_of(path, LATER_MS)
    assert not audit.verify().whole
    audit.close()


def test_a_skeleton_that_no_policy_dropped_is_found(path):
    number, skeleton = ask(path, "SELECT id, skeleton FROM call ORDER BY id LIMIT 1")[0]
    ask(path, "UPDATE call SET skeleton = ? WHERE id = ?", skeleton_dropped(skeleton), number)
    audit = audit_of(path)
    assert "no policy" in audit.verify().findings[0].what
    audit.close()


def test_for_ever_keeps_everything(path):
    assert pruned(path, Ages(calls=None, skeletons=None, audit=None))[0] == {}
