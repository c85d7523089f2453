"""The trail in memory: the ledger's own records, by rising id, and followers' notes for as long as the process lives."""

from collections.abc import Sequence
from threading import Lock

import msgspec

from farthing.domain.record import Skeleton
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.ports.trail import Correction
from farthing.stores.memory.records import Records


class MemoryTrail:
    """`farthing.ports.trail.Trail` over the records of one ledger."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._lock = Lock()
        self._kept: dict[str, tuple[str, int, bytes]] = {}

    def after(self, id: int, limit: int) -> tuple[CallRecord, ...]:
        calls = self._records.by_id()
        return tuple(_lean(calls[number]) for number in sorted(number for number in calls if number > id)[:limit])

    def ids(self, after: int, until: int) -> tuple[int, ...]:
        return tuple(sorted(number for number in self._records.by_id() if after < number <= until))

    def of(self, ids: Sequence[int]) -> tuple[CallRecord, ...]:
        calls = self._records.by_id()
        return tuple(_lean(calls[number]) for number in sorted(ids) if number in calls)

    def corrections(self, after: int) -> tuple[Correction, ...]:
        calls = self._records.by_id().values()
        every = sorted((made for call in calls for made in call.adjustments), key=lambda made: made.at_ms)
        return tuple(Correction(number, made) for number, made in enumerate(every, start=1) if number > after)

    def open(self) -> tuple[int, int]:
        states = [attempt.state for call in self._records.by_id().values() for attempt in call.attempts]
        return states.count("held"), states.count("unknown")

    def take(self, name: str, holder: str, now_ms: int, until_ms: int) -> bytes | None:
        with self._lock:
            its_holder, its_until, progress = self._kept.get(name, (holder, 0, b""))
            if its_holder != holder and its_until > now_ms:
                return None
            self._kept[name] = holder, until_ms, progress
            return progress

    def keep(self, name: str, holder: str, progress: bytes) -> bool:
        with self._lock:
            its_holder, until_ms, _ = self._kept.get(name, ("", 0, b""))
            if its_holder != holder:
                return False
            self._kept[name] = holder, until_ms, progress
            return True

    def let_go(self, name: str, holder: str) -> None:
        with self._lock:
            its_holder, _, progress = self._kept.get(name, ("", 0, b""))
            if its_holder == holder:
                self._kept[name] = holder, 0, progress

    def close(self) -> None:
        """Nothing to let go of."""


def _lean(record: CallRecord) -> CallRecord:
    return msgspec.structs.replace(record, skeleton=Skeleton(), attempts=tuple(map(_without_shares, record.attempts)))


def _without_shares(attempt: AttemptRecord) -> AttemptRecord:
    return msgspec.structs.replace(attempt, shares=())
