"""Verifying the audit chain in the background: at most once at a time, and how far it is."""

import asyncio
import logging
from functools import partial

import msgspec

from farthing.ports.audit import Audit, Verdict

log = logging.getLogger("farthing.dashboard")


class Verifying(msgspec.Struct, kw_only=True):
    """A verification under way, or the last one of this process."""

    begun_ms: int
    read: int = 0
    of: int = 0
    verdict: Verdict | None = None
    failed: str = ""

    @property
    def running(self) -> bool:
        return self.verdict is None and not self.failed

    def progress(self, read: int, of: int) -> None:
        """Called from the thread that verifies."""
        self.read, self.of = read, of


class Verifier:
    """At most one verification at a time, whoever asks."""

    def __init__(self) -> None:
        self.last: Verifying | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, audit: Audit, now_ms: int) -> None:
        """Nothing where one is under way."""
        if self.last is not None and self.last.running:
            return
        self.last = Verifying(begun_ms=now_ms)
        self._task = asyncio.ensure_future(self._verify(audit, self.last))

    async def _verify(self, audit: Audit, state: Verifying) -> None:
        try:  # its own thread for minutes: the dashboard's few are for pages
            state.verdict = await asyncio.to_thread(partial(audit.verify, progress=state.progress))
        except Exception as error:
            log.exception("the audit chain could not be verified")
            state.failed = str(error) or "it could not be read; see the log"
