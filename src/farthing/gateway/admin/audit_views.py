"""The audit as the admin side and the command line show it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from farthing.domain.seal import Seal
from farthing.gateway.admin.shown import at, moment
from farthing.ports.audit import AuditEvent, AuditState, Erasure, Finding, Verdict


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    at: datetime
    by: str
    action: str
    subject: str
    detail: str


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    events: tuple[EventView, ...]
    next: int | None
    """`before` of the next page; null on the last."""


class StateView(msgspec.Struct, frozen=True, kw_only=True):
    links: int
    first: int
    """The oldest link that is kept."""
    head: str
    last_at: datetime
    seals: int
    last_seal: Seal | None
    verified_at: datetime | None
    verified_findings: int | None


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    table: str
    row: str
    what: str
    link: int | None
    at: datetime | None


class VerdictView(msgspec.Struct, frozen=True, kw_only=True):
    whole: bool
    at: datetime
    links: int
    entries: int
    rows: int
    head_seq: int
    head: str
    seals: int
    pruned: tuple[str, ...]
    findings: tuple[FindingView, ...]
    more: int


class SealList(msgspec.Struct, frozen=True, kw_only=True):
    seals: tuple[Seal, ...]


class ErasureView(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    pseudonym: str
    rows: Mapping[str, int]
    left: Mapping[str, int]
    """Where the same word still stands with another meaning."""


def event_view(event: AuditEvent) -> EventView:
    return EventView(
        id=event.id, at=at(event.at_ms), by=event.by, action=event.action, subject=event.subject, detail=event.detail
    )


def page_of(events: Sequence[AuditEvent], limit: int) -> EventPage:
    return EventPage(events=tuple(map(event_view, events)), next=events[-1].id if len(events) == limit else None)


def state_view(state: AuditState) -> StateView:
    verified = state.verified
    return StateView(
        links=state.links,
        first=state.first,
        head=state.head,
        last_at=at(state.last_ms),
        seals=state.seals,
        last_seal=state.last_seal,
        verified_at=None if verified is None else at(verified.at_ms),
        verified_findings=None if verified is None else verified.findings,
    )


def verdict_view(verdict: Verdict) -> VerdictView:
    return VerdictView(
        whole=verdict.whole,
        at=at(verdict.at_ms),
        links=verdict.links,
        entries=verdict.entries,
        rows=verdict.rows,
        head_seq=verdict.head_seq,
        head=verdict.head,
        seals=verdict.seals,
        pruned=verdict.pruned,
        findings=tuple(map(_finding, verdict.findings)),
        more=verdict.more,
    )


def _finding(finding: Finding) -> FindingView:
    return FindingView(
        table=finding.table, row=finding.row, what=finding.what, link=finding.link, at=moment(finding.at_ms)
    )


def erasure_view(erasure: Erasure) -> ErasureView:
    return ErasureView(label=erasure.label, pseudonym=erasure.pseudonym, rows=erasure.rows, left=erasure.left)
