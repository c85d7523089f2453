"""The audit of a file: events by pattern, and the state."""

from support.audited import audit_of, fill


def test_a_star_is_a_pattern_only_at_the_end(tmp_path):
    fill(tmp_path / "a.db")
    audit = audit_of(tmp_path / "a.db")
    assert {event.action for event in audit.events(limit=99, where=(("action", "key.*"),))} == {"key.add", "key.revoke"}
    assert audit.events(limit=99, where=(("action", "*.add"),)) == ()
    assert audit.events(limit=99, where=(("action", "key.[a]dd"),)) == ()
    audit.close()


def test_the_state_counts_links_and_seals(tmp_path):
    fill(tmp_path / "a.db")
    audit = audit_of(tmp_path / "a.db")
    before = audit.state()
    assert (before.first, before.seals, before.verified) == (1, 0, None)
    audit.seal()
    assert (audit.state().links, audit.state().seals) == (before.links + 1, 1)
    audit.close()
