"""The audit in memory: what was noted cannot be changed afterwards without being found."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.stores.memory.audit import MemoryAudit


def test_a_note_that_was_changed_or_dropped_is_found():
    first, second = [(1, "root", "key.add", "a"), (3, "root", "key.add", "c")], [(2, "root", "suspend", "b")]
    audit = MemoryAudit(first, second, now_ms=lambda: 5)
    assert audit.verify().whole
    first[0] = (1, "eve", "key.add", "a")
    assert [(found.table, found.row) for found in audit.verify().findings] == [("audit", "1")]


def test_a_later_note_of_another_list_comes_later():
    first, second = [(1, "root", "key.add", "a")], []
    audit = MemoryAudit(first, second, now_ms=lambda: 5)
    assert len(audit.events(limit=9)) == 1
    second.append((1, "root", "suspend", "b"))
    first.append((1, "root", "key.add", "c"))
    assert [event.subject for event in audit.events(limit=9)] == ["b", "c", "a"]
    assert audit.verify().whole


def test_a_seal_of_another_audit_is_found():
    one, other = (MemoryAudit([(1, "root", "key.add", name)], now_ms=lambda: 5) for name in "ab")
    seal = one.seal()
    assert one.verify(against=seal).whole
    assert not other.verify(against=seal).whole


def test_nobody_is_erased_in_memory():
    with pytest.raises(BadRequest, match="forgets everybody"):
        MemoryAudit([], now_ms=lambda: 5).erase("user", "a", by="root")
