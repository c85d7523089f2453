"""Approvals for as long as the process lives."""

import threading

import msgspec

from farthing.ports.approvals import EXPIRED, GRANTED, KEPT_MS, MOST_OPEN, PENDING, Approval, Petition, opened
from farthing.stores import verdicts
from farthing.stores.memory.directory import MemoryDirectory


class MemoryApprovals:
    """`farthing.ports.approvals.Approvals` in memory. Any thread may call."""

    def __init__(self, directory: MemoryDirectory) -> None:
        """`directory` takes the grants, and counts decisions among its changes."""
        self._directory = directory
        self._lock = threading.Lock()
        self._approvals: dict[int, Approval] = {}
        self._changed: dict[int, int] = {}
        """The directory's version at each decision."""

    def ask(self, id: int, petition: Petition, now_ms: int) -> Approval:
        with self._lock:
            found = self._latest(petition)
            if found is not None and found.answers(now_ms):
                found = verdicts.joined(found, petition) if found.state == PENDING else found
                self._approvals[found.id] = found
                return found
            self._make_room(petition, now_ms)
            self._approvals[id] = opened(id, petition, now_ms)
            return self._approvals[id]

    def grant(self, id: int, *, by: str, reason: str = "", amount: int | None = None, now_ms: int) -> Approval:
        with self._lock:
            before = self._approvals.get(id)
            made, grants = verdicts.granted(before, id, by=by, reason=reason, amount=amount, now_ms=now_ms)
            for each in grants:
                self._directory.grant(each)
            return self._keep(before, made, "approval.grant")

    def decline(self, id: int, *, by: str, reason: str = "", now_ms: int) -> Approval:
        with self._lock:
            before = self._approvals.get(id)
            made = verdicts.declined(before, id, by=by, reason=reason, now_ms=now_ms)
            return self._keep(before, made, "approval.decline")

    def find(self, id: int, now_ms: int) -> Approval | None:
        found = self._approvals.get(id)
        return None if found is None else found.at(now_ms)

    def recent(self, *, limit: int, now_ms: int, before_id: int | None = None, state: str = "") -> tuple[Approval, ...]:
        with self._lock:
            every = [self._approvals[each].at(now_ms) for each in sorted(self._approvals, reverse=True)]
        wanted = [each for each in every if (before_id is None or each.id < before_id) and state in ("", each.state)]
        return tuple(wanted[:limit])

    def decided(self, since: int) -> tuple[int, tuple[Approval, ...]]:
        with self._lock:
            changed = sorted((at, each) for each, at in self._changed.items() if at > since)
            return self._directory.version(), tuple(self._approvals[each] for _, each in changed)

    def close(self) -> None:
        """Nothing to let go of."""

    def _latest(self, petition: Petition) -> Approval | None:
        same = [each for each in self._approvals.values() if each.petition.topic == petition.topic]
        return max(same, key=lambda each: each.id, default=None)

    def _make_room(self, petition: Petition, now_ms: int) -> None:
        """Forget what ended long ago, and let the oldest of too many open requests of this budget expire."""
        for old in [each for each in self._approvals.values() if _is_over(each, now_ms)]:
            del self._approvals[old.id]
            self._changed.pop(old.id, None)
        name = petition.account.budget
        open_now = [
            each
            for each in self._approvals.values()
            if each.petition.account.budget == name and each.at(now_ms).state == PENDING
        ]
        for oldest in sorted(open_now, key=lambda each: each.id)[: max(len(open_now) - MOST_OPEN + 1, 0)]:
            self._approvals[oldest.id] = msgspec.structs.replace(oldest, state=EXPIRED, expires_ms=now_ms)

    def _keep(self, before: Approval | None, made: Approval, action: str) -> Approval:
        if made is not before:
            self._approvals[made.id] = made
            self._directory.decided(made.by, action, made.petition.budget)
            self._changed[made.id] = self._directory.version()
        return made


def _is_over(approval: Approval, now_ms: int) -> bool:
    return approval.state != GRANTED and approval.expires_ms < now_ms - KEPT_MS
