"""Links go a sealed segment at a time, and only when no call of theirs is here any more."""

from farthing.ports.audit import Ages
from farthing.stores.sqlite.chain.floors import Floors
from farthing.stores.sqlite.forgetting.links import drop_links
from support.audited import NOW_MS, audit_of, fill


def test_a_segment_stays_while_its_calls_do(tmp_path):
    fill(tmp_path / "a.db")
    audit = audit_of(tmp_path / "a.db")
    audit.seal()
    assert not drop_links(audit._handle, Ages(), lambda: NOW_MS * 2, Floors())
    assert not drop_links(audit._handle, Ages(audit=None), lambda: NOW_MS * 2, Floors())
    audit.close()
