"""Answers that would have been kept for equal requests: `[cache] exact`, by digests instead of words."""

from hashlib import blake2b

import msgspec

from farthing.replay.draft import read_skeleton
from farthing.replay.recorded import Recorded

KEPT = "answered from the cache"
PERHAPS = "answered from the cache, if it was deterministic: nobody recorded that"


class Answers:
    """Of one replay, by what was asked and by whom. What has expired is forgotten once in a while."""

    def __init__(self, ttl_ms: int) -> None:
        self._ttl_ms = ttl_ms
        self._ends: dict[bytes, int] = {}
        self._most = 1_024

    def find(self, call: Recorded, now_ms: int) -> str:
        """Whether an equal request was answered in time, in words; "" where none was."""
        mark = _mark(call)
        if mark is None or now_ms >= self._ends.get(mark, 0):
            return ""
        return PERHAPS if read_skeleton(call.skeleton).deterministic is None else KEPT

    def keep(self, call: Recorded, now_ms: int) -> None:
        """The whole answer of this call has come at this moment."""
        mark = _mark(call)
        if mark is None:
            return
        if len(self._ends) >= self._most:
            self._ends = {each: end for each, end in self._ends.items() if now_ms < end}
            self._most = max(1_024, 2 * len(self._ends))
        self._ends[mark] = now_ms + self._ttl_ms


def _mark(call: Recorded) -> bytes | None:
    """Of everything on record that decides about an answer; None where it may not be kept, or nobody knows its words."""
    if not call.skeleton or read_skeleton(call.skeleton).deterministic is False:
        return None
    asked = (call.key, call.dialect, call.route, call.model, call.cap_asked, call.choices, call.skeleton)
    return blake2b(msgspec.msgpack.encode(asked), digest_size=16).digest()
