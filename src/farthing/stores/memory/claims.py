"""Claims for as long as the process lives."""

import threading

import msgspec

from farthing.ports.claims import Claim, Claimed, Taken
from farthing.ports.records import Records

_OPEN = ("held", "unknown")


class _Standing(msgspec.Struct):
    claim: Claim
    reserved: bool = False
    """It asked `holds`, so it has reserved: its record says what came of that."""


class MemoryClaims:
    """`farthing.ports.claims.Claims` in memory, beside the records of a ledger in memory. Any thread may call."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._standing: dict[tuple[str, str], _Standing] = {}

    def claim(self, claim: Claim) -> Claimed | Taken:
        name = (claim.tenant, claim.key)
        with self._lock:
            found = self._standing.get(name)
            if found is None:
                self._standing[name] = _Standing(claim)
                return Claimed()
            earlier = found.claim.call
            if found.claim.fingerprint != claim.fingerprint:
                return Taken(call=earlier, same=False)
            if earlier == claim.call:
                return Claimed()
            states = self._states(found)
            if set(states) - {"void"}:
                return Taken(call=earlier, same=True, running="held" in states)
            self._standing[name] = _Standing(claim)
            return Claimed(instead_of=earlier)

    def holds(self, claim: Claim) -> bool:
        with self._lock:
            found = self._standing.get((claim.tenant, claim.key))
            if found is None or found.claim.call != claim.call:
                return False
            found.reserved = True
            return True

    def forget(self, before_ms: int) -> int:
        with self._lock:
            old = [
                name
                for name, found in self._standing.items()
                if found.claim.at_ms < before_ms and not set(self._states(found)).intersection(_OPEN)
            ]
            for name in old:
                del self._standing[name]
            return len(old)

    def close(self) -> None:
        """Nothing is open."""

    def _states(self, found: _Standing) -> tuple[str, ...]:
        """Of the call's attempts. A record that was there and is forgotten counts as settled, never as not sent."""
        record = self._records.call(found.claim.call)
        if record is None:
            return ("settled",) if found.reserved else ()
        return tuple(attempt.state for attempt in record.attempts)
