"""Heartbeats to a gateway, of all runs that this process has opened there: when they stop, it is gone.

One small request in each interval, from a thread of its own, for as long as a run is open. A beat that fails is tried again
soon, for ever: whether the gateway can be told is no matter of the program's. A gateway that was away counts no beats as
missed that it could not hear.
"""

import logging
import os
import threading
import time

from farthing.config.engine import wall_ms
from farthing.domain.errors import FarthingError
from farthing.sdk.remote_ask import Answer, hear, refuse

PROMISE_SECONDS = 60.0
"""What is promised of each run: a beat at least so often."""
BEATS_IN_A_PROMISE = 3
AGAIN_SECONDS = 5.0
"""After a beat that failed."""
BEAT_SECONDS = 10.0
"""The longest that a gateway may take to hear one."""
MOST = 200
"""Runs in one request."""
_PATH = "/runs/heartbeats"

log = logging.getLogger("farthing.sdk")


class RemoteBeats:
    """Of one gateway. Any thread may call."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._runs: dict[str, None] = {}
        self._last_ms = 0
        self._beating = False
        self._failed = False

    def add(self, run: str) -> None:
        """It was announced just now, with this promise."""
        with self._lock:
            if not self._runs:
                self._last_ms = wall_ms()
            self._runs[run] = None
            if self._beating:
                return
            self._beating = True
        try:
            threading.Thread(target=self._go_on, name="farthing-beats", daemon=True).start()
        except RuntimeError:  # the program ends, and no thread begins any more: sooner than a beat is due
            self._beating = False

    def drop(self, run: str) -> None:
        """It is over."""
        with self._lock:
            self._runs.pop(run, None)

    def keep_up(self) -> None:
        """Beat now if that is overdue: after a laptop's sleep the next call may come before the next beat."""
        if self.overdue:
            self.beat()

    @property
    def overdue(self) -> bool:
        return bool(self._runs) and wall_ms() - self._last_ms > PROMISE_SECONDS * 500

    def beat(self) -> bool:
        """Say now that all of them live. False where the gateway could not be told; nothing is raised."""
        with self._lock:
            self._last_ms, runs = wall_ms(), tuple(self._runs)
        try:
            for first in range(0, len(runs), MOST):
                self._tell(runs[first : first + MOST])
        except FarthingError as error:
            say = log.debug if self._failed else log.warning
            say("the heartbeat of %d runs at %s is late: %s", len(runs), self._store, error)
            self._failed = True
            return False
        except Exception:
            log.exception("a heartbeat failed")
            return False
        self._failed = False
        return True

    def _tell(self, runs: tuple[str, ...]) -> None:
        answer: Answer = hear(self._store, "POST", _PATH, {"runs": runs}, seconds=BEAT_SECONDS)
        if answer.status >= 300:
            refuse(self._store, _PATH, answer)
        for run in answer.body["over"]:
            with self._lock:
                known = self._runs.pop(run, run) is None
            if known:
                log.warning("the run %s was ended at %s; its calls are refused there", run, self._store)

    def _go_on(self) -> None:
        every = PROMISE_SECONDS / BEATS_IN_A_PROMISE
        pause = every
        while True:
            time.sleep(pause)
            with self._lock:
                if not self._runs:
                    self._beating = False
                    return
            pause = every if self.beat() else min(every, AGAIN_SECONDS)


_known: dict[tuple[int, str], RemoteBeats] = {}


def beats_of(store: str) -> RemoteBeats:
    """Those of this process to this gateway: a forked child does not live for its parent."""
    return _known.setdefault((os.getpid(), store.rstrip("/")), RemoteBeats(store.rstrip("/")))


def overdue(store: str) -> bool:
    """Whether somebody who calls this gateway should beat first."""
    known = _known.get((os.getpid(), store.rstrip("/")))
    return known is not None and known.overdue
