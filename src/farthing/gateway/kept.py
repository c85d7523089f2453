"""Answers kept for whoever asks again under the same idempotency key: in memory only, bounded, for a day.

An answer is content, and content is never written to disk unless a configuration asks for it. So what is kept here ends
with the process, and when room is short the answers go first that were asked for longest ago. Whoever comes too late is
told so; nothing is ever sent a second time to make up for it.
"""

from collections import OrderedDict

import msgspec

from farthing.gateway.head import Headers

MiB = 1 << 20
DAY_MS = 86_400_000


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A complete answer, as its first client was sent it."""

    status: int
    headers: Headers
    body: bytes
    streamed: bool
    """It came in pieces: it is framed so again. The bytes are the same."""

    @property
    def size(self) -> int:
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)


class KeptAnswers:
    """By the id of their call. `most_bytes` in all, `each_bytes` at most of one, none older than `for_ms`."""

    def __init__(self, *, most_bytes: int = 16 * MiB, each_bytes: int = MiB, for_ms: int = DAY_MS) -> None:
        self.each_bytes = each_bytes
        self._most_bytes = most_bytes
        self._for_ms = for_ms
        self._bytes = 0
        self._answers: OrderedDict[int, tuple[int, KeptAnswer]] = OrderedDict()

    def keep(self, call: int, answer: KeptAnswer, now_ms: int) -> None:
        """Keep it, at the cost of what was asked for longest ago; not at all where it is too large."""
        self._drop(call)
        if answer.size > min(self.each_bytes, self._most_bytes):
            return
        self._answers[call] = (now_ms, answer)
        self._bytes += answer.size
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._answers)))

    def find(self, call: int, now_ms: int) -> KeptAnswer | None:
        kept_ms, answer = self._answers.get(call, (0, None))
        if answer is None:
            return None
        if now_ms - kept_ms > self._for_ms:
            self._drop(call)
            return None
        self._answers.move_to_end(call)
        return answer

    def _drop(self, call: int) -> None:
        _, answer = self._answers.pop(call, (0, None))
        if answer is not None:
            self._bytes -= answer.size
