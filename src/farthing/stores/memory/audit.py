"""The audit in memory: events in a chain of their own, gone with the process. Calls are not in it."""

import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from farthing.audit.entry import Kind, digest, pack
from farthing.audit.link import Head, Link, flaws, forge
from farthing.audit.seal import document, sign, signature_flaw
from farthing.domain.errors import BadRequest
from farthing.domain.record import Labels
from farthing.domain.seal import Body, Seal
from farthing.ports.audit import Ages, AuditEvent, AuditState, Erasure, Finding, Progress, Pruning, Verdict, Verified

Told = tuple[int, str, str, str]
"""When, who, what, of what."""


class MemoryAudit:
    """`farthing.ports.audit.Audit` over what directory and guards noted. Each event is one link."""

    def __init__(self, *told: Sequence[Told], now_ms: Callable[[], int]) -> None:
        """`told` are the lists that others append to."""
        self._sources = told
        self._seen = [0] * len(told)
        self._places: list[tuple[int, int]] = []
        """Which list and where in it, event by event."""
        self._now_ms = now_ms
        self._secret = os.urandom(32)
        self._began_ms = now_ms()
        self._links: list[Link] = []
        self._seals: list[Seal] = []
        self._verified: Verified | None = None

    def _events(self) -> list[AuditEvent]:
        """In the order in which they were first seen here. Links are made for those that have none."""
        sources = self._sources
        for source, known in enumerate(self._seen):
            self._places += [(source, place) for place in range(known, len(sources[source]))]
            self._seen[source] = len(sources[source])
        events = []
        for number, (source, place) in enumerate(self._places, start=1):
            at_ms, by, action, subject = sources[source][place]
            events.append(AuditEvent(id=number, at_ms=at_ms, by=by, action=action, subject=subject, detail=""))
        for event in events[len(self._links) :]:
            entry = pack(Kind.EVENT, event.id, _digest(event))
            self._links.append(forge(self._head(), at_ms=event.at_ms, kind="change", count=1, entries=entry))
        return events

    def _head(self) -> Head:
        return Head(self._links[-1].seq, self._links[-1].hash) if self._links else Head()

    def events(
        self,
        *,
        limit: int,
        before: int | None = None,
        since_ms: int = 0,
        until_ms: int | None = None,
        where: Labels = (),
    ) -> tuple[AuditEvent, ...]:
        found = [
            event
            for event in reversed(self._events())
            if (before is None or event.id < before)
            and since_ms <= event.at_ms
            and (until_ms is None or event.at_ms < until_ms)
            and all(_fits(value, getattr(event, name)) for name, value in where)
        ]
        return tuple(found[:limit])

    def state(self) -> AuditState:
        self._events()
        return AuditState(
            links=len(self._links),
            first=1,
            first_ms=self._began_ms,
            head=self._head().hash.hex(),
            last_ms=self._links[-1].at_ms if self._links else self._began_ms,
            seals=len(self._seals),
            last_seal=self._seals[-1] if self._seals else None,
            verified=self._verified,
        )

    def verify(self, *, against: Seal | None = None, progress: Progress = lambda _, __: None) -> Verdict:
        events = self._events()
        findings = list(_findings(self._links, events))
        if against is not None:
            findings += self._against(against)
        progress(len(self._links), len(self._links))
        now_ms = self._now_ms()
        head = self._head()
        self._verified = Verified(at_ms=now_ms, head_seq=head.seq, findings=len(findings))
        return Verdict(
            at_ms=now_ms,
            links=len(self._links),
            entries=len(self._links),
            rows=len(events),
            head_seq=head.seq,
            head=head.hash.hex(),
            seals=len(self._seals),
            pruned=(),
            findings=tuple(findings),
        )

    def _against(self, seal: Seal) -> list[Finding]:
        body = seal.body
        flaw = signature_flaw(seal, self._secret)
        if not flaw and (body.last > len(self._links) or self._links[body.last - 1].hash.hex() != body.head):
            flaw = f"link {body.last} is not the one that was sealed"
        return [Finding(table="audit_seal", row=str(body.number), what=flaw)] if flaw else []

    def seal(self) -> Seal | None:
        self._events()
        last = self._seals[-1].body.last if self._seals else 0
        head = self._head()
        if head.seq == last:
            return None
        body = Body(
            ledger="memory",
            number=len(self._seals) + 1,
            first=last + 1,
            last=head.seq,
            links=head.seq - last,
            entries={"event": head.seq - last},
            head=head.hash.hex(),
            before=sha256(document(self._seals[-1]).encode()).hexdigest() if self._seals else "",
            sealed_ms=self._now_ms(),
            through_call=0,
            through_event=head.seq,
            totals=(),
            balances=sha256().hexdigest(),
        )
        self._seals.append(sign(body, self._secret, None))
        return self._seals[-1]

    def seals(self) -> tuple[Seal, ...]:
        return tuple(self._seals)

    def erase(self, label: str, value: str, *, by: str) -> Erasure:  # noqa: ARG002 - the port's signature
        raise BadRequest(
            "a store in memory forgets everybody when its process ends; nothing is erased in it", field="value"
        )

    def prune(self, ages: Ages) -> Pruning:  # noqa: ARG002 - the port's signature
        return Pruning(rows={}, more=False)

    def close(self) -> None:
        """Nothing is held."""


def _digest(event: AuditEvent) -> bytes:
    return digest((event.id, event.at_ms, event.by, event.action, event.subject, event.detail))


def _findings(links: Sequence[Link], events: Sequence[AuditEvent]) -> Iterable[Finding]:
    head = Head()
    for link in links:
        for flaw in flaws(link, head):
            yield Finding(table="audit_link", row=str(link.seq), what=flaw, link=link.seq, at_ms=link.at_ms)
        head = Head(link.seq, link.hash)
    for link, event in zip(links, events, strict=False):
        if link.entries != pack(Kind.EVENT, event.id, _digest(event)):
            yield Finding(table="audit", row=str(event.id), what="its columns changed", link=link.seq, at_ms=link.at_ms)
    for link in links[len(events) :]:
        yield Finding(table="audit", row=str(link.seq), what="the row is gone", link=link.seq, at_ms=link.at_ms)


def _fits(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
