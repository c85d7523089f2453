"""Keeps the texts of calls: on a thread of its own, beside everything that money waits for.

`keep` only puts the bytes aside. The thread redacts, cuts and writes; where it cannot follow, or its file cannot be
written, texts are dropped and counted, and no call is delayed or fails. What has not been redacted is never on disk.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from farthing.accounts.redaction import Redactor
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.record import Labels
from farthing.ports.content import Content, Contents
from farthing.wire.streamed_texts import streamed_texts

log = logging.getLogger("farthing.content")

MOST_BYTES = 4 * 1024 * 1024
"""A body that is longer is not kept at all: it would have to be redacted as a whole."""
MOST_WAITING = 16 * 1024 * 1024
"""Bytes that may wait for the thread; beyond, further texts are dropped."""
BATCH = 32
SWEEP_MS = 600_000
"""How often texts that are too old are deleted."""
CLOSE_SECONDS = 5.0


class KeepRules(msgspec.Struct, frozen=True, kw_only=True):
    """Whose texts are kept, how much of them, and for how long."""

    match: Labels = ()
    """Labels that a call must carry; a value may end in `*`. Empty: all calls."""
    text_bytes: int = 256 * 1024
    for_ms: int = 30 * 86_400_000
    patterns: tuple[str, ...] = ()

    def wants(self, labels: Labels) -> bool:
        if not self.match:
            return True
        told = dict(labels)
        return all(_matches(pattern, told.get(name, "")) for name, pattern in self.match)


class Taken(NamedTuple):
    """The bytes of one call as they came and went. Never on disk."""

    call: int
    at_ms: int
    request: bytes
    answer: bytes
    streamed: bool
    cut: bool = False
    """The answer was longer than is looked at."""


class ContentKeeper:
    """One for all calls of a process. `keep` may be called from any thread, and returns at once."""

    def __init__(self, contents: Contents, rules: KeepRules, clock: Callable[[], int]) -> None:
        self.contents = contents
        self.rules = rules
        self.kept = 0
        self.dropped = 0
        """Texts of calls that are not kept because there was no room, no time or no disk."""
        self._clock = clock
        self._redactor = Redactor(rules.patterns, _breathe)
        self._waiting: deque[Taken] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._busy = self._closing = False
        self._sweep_ms = 0
        self._thread: threading.Thread | None = None

    def adopt(self, rules: KeepRules) -> None:
        """These rules hold for what comes from now on."""
        with self._changed:
            if rules != self.rules:
                self.rules, self._redactor = rules, Redactor(rules.patterns, _breathe)

    def keep(self, taken: Taken) -> None:
        """Put the texts of a call aside, or drop them where too much waits already."""
        size = len(taken.request) + len(taken.answer)
        with self._changed:
            if size > MOST_BYTES or self._waiting_bytes + size > MOST_WAITING or self._closing:
                self.dropped += 1
                return
            self._waiting.append(taken)
            self._waiting_bytes += size
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="farthing-content", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Wait until everything that was put aside is written or dropped. False where that took longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def close(self) -> None:
        """Write what waits, within a few seconds; the rest is dropped."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
        with self._changed:
            self.dropped += len(self._waiting)
            self._waiting.clear()

    def _work(self) -> None:
        while not self._over:
            batch = self._next()
            if batch:
                self._write(batch)
            self._sweep()
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    @property
    def _over(self) -> bool:
        with self._changed:
            return self._closing and not self._waiting

    def _next(self) -> list[Taken]:
        """What is to be written next; nothing when it is over, or when it is time to sweep."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing, SWEEP_MS / 1_000)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._waiting_bytes -= sum(len(taken.request) + len(taken.answer) for taken in batch)
            self._busy = bool(batch)
            return batch

    def _write(self, batch: list[Taken]) -> None:
        try:
            self.contents.put(tuple(redacted(taken, self._redactor, self.rules.text_bytes) for taken in batch))
            self.kept += len(batch)
        except LedgerUnavailable as error:
            self.dropped += len(batch)
            log.warning("the texts of %d calls are not kept: %s", len(batch), error)
        except Exception:
            self.dropped += len(batch)
            log.exception("the texts of %d calls are not kept", len(batch))

    def _sweep(self) -> None:
        now_ms = self._clock()
        if now_ms < self._sweep_ms:
            return
        self._sweep_ms = now_ms + SWEEP_MS
        try:
            self.contents.drop_before(now_ms - self.rules.for_ms)
        except LedgerUnavailable as error:
            log.warning("old texts are kept a little longer: %s", error)


def _breathe() -> None:
    """Let the event loop have the interpreter, instead of making it ask for it."""
    time.sleep(0)


def redacted(taken: Taken, redactor: Redactor, text_bytes: int) -> Content:
    """What is kept of a call: both texts redacted, then cut."""
    before = redactor.taken_out
    request = redactor.body(taken.request)
    answer = _streamed(taken.answer, redactor) if taken.streamed else redactor.body(taken.answer)
    shown, shown_answer = (_cut(text, text_bytes) for text in (request, answer))
    return Content(
        call=taken.call,
        at_ms=taken.at_ms,
        request=shown,
        answer=shown_answer,
        redacted=redactor.taken_out - before,
        cut=taken.cut or len(shown) < len(request) or len(shown_answer) < len(answer),
    )


def _streamed(answer: bytes, redactor: Redactor) -> str:
    """The texts of a stream, put together first: what is spread over its pieces would not be found in them."""
    said = [{"kind": said.kind, "text": redactor.value(said.text)} for said in streamed_texts(answer)]
    return msgspec.json.encode(said).decode()


def _cut(text: str, most: int) -> str:
    """At most so many bytes of a text, and no half letter."""
    return text if len(text) * 4 <= most else text.encode()[:most].decode("utf-8", "ignore")


def _matches(pattern: str, value: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
