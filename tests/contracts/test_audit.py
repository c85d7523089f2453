"""What every audit promises: events in order, a chain that holds, seals that say what they sealed."""

import pytest

from farthing.domain.budget import Budget, Unit
from farthing.ports.audit import Ages
from farthing.stores.memory.audit import MemoryAudit
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.guards import MemoryGuards
from farthing.stores.sqlite.audit import SqliteAudit
from farthing.stores.sqlite.directory import SqliteDirectory

NOW_MS = 1_800_000_000_000


@pytest.fixture(params=["memory", "sqlite"])
def pair(request, tmp_path):
    """A directory, and the audit of its store."""
    if request.param == "memory":
        directory = MemoryDirectory(now_ms=lambda: NOW_MS)
        guards = MemoryGuards(now_ms=lambda: NOW_MS)
        yield directory, MemoryAudit(directory.audit, guards.audit, now_ms=lambda: NOW_MS)
        return
    directory = SqliteDirectory(tmp_path / "a.db", now_ms=lambda: NOW_MS)
    audit = SqliteAudit(tmp_path / "a.db", now_ms=lambda: NOW_MS)
    yield directory, audit
    audit.close()
    directory.close()


def put(directory, *names):
    for name in names:
        directory.put_budget(Budget(name=name, limits=((Unit.USD, 1),)), f"by {name}")


def test_events_come_newest_first_page_by_page_and_filtered(pair):
    directory, audit = pair
    put(directory, "a", "b", "c")
    newest = audit.events(limit=2)
    assert [event.subject for event in newest] == ["c", "b"]
    assert [event.subject for event in audit.events(limit=9, before=newest[-1].id)] == ["a"]
    assert [event.by for event in audit.events(limit=9, where=(("subject", "b"),))] == ["by b"]
    assert len(audit.events(limit=9, where=(("action", "budget.*"),))) == 3
    assert audit.events(limit=9, where=(("action", "budget"),)) == ()
    assert audit.events(limit=9, until_ms=NOW_MS) == ()
    assert len(audit.events(limit=9, since_ms=NOW_MS, until_ms=NOW_MS + 1)) == 3


def test_a_chain_that_nobody_touched_holds_and_grows(pair):
    directory, audit = pair
    put(directory, "a")
    before, verdict = audit.state(), audit.verify()
    assert verdict.whole
    assert (verdict.head, verdict.head_seq) == (before.head, before.links)
    put(directory, "b")
    after = audit.state()
    assert (after.links, after.head != before.head) == (before.links + 1, True)
    assert after.verified is not None
    assert (after.verified.head_seq, after.verified.findings) == (before.links, 0)


def test_a_seal_is_made_once_and_says_what_it_sealed(pair):
    directory, audit = pair
    put(directory, "a")
    seal = audit.seal()
    assert seal is not None
    assert audit.seal() is None
    assert audit.verify(against=seal).whole
    put(directory, "b")
    second = audit.seal()
    assert second is not None
    assert (second.body.number, second.body.first) == (2, seal.body.last + 1)
    assert audit.seals() == (seal, second)
    assert audit.state().last_seal == second


def test_nothing_that_is_young_is_dropped(pair):
    directory, audit = pair
    put(directory, "a")
    assert not audit.prune(Ages()).more
