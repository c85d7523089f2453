"""The audit as it is shown: pages, moments, findings."""

from farthing.gateway.admin.audit_views import page_of, verdict_view
from farthing.ports.audit import AuditEvent, Finding, Verdict


def test_a_full_page_has_a_next_one():
    events = [AuditEvent(id=number, at_ms=1, by="b", action="a", subject="s", detail="") for number in (3, 2)]
    assert page_of(events, 2).next == 2
    assert page_of(events, 3).next is None


def test_a_finding_without_a_link_has_no_moment():
    verdict = Verdict(
        at_ms=1_000,
        links=1,
        entries=1,
        rows=1,
        head_seq=1,
        head="",
        seals=0,
        pruned=(),
        findings=(Finding(table="call", row="1", what="gone"),),
    )
    view = verdict_view(verdict)
    assert view.whole is False
    assert view.findings[0].at is None
    assert view.at.year == 1970
