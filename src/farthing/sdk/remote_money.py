"""Money for tools at a gateway: held there before a tool runs, and settled there after it.

Each question goes its way in a thread of its own, so that whoever waits for it may be interrupted and what comes of it is
still taken care of: the gateway is told that nobody waits any more, and what it gave meanwhile goes back. Each end may be told again, so it is, a few times; what never gets through is presumed lost by the
gateway at the deadline that it was given, and counts as spent.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from farthing.call.tool_money import Buying
from farthing.domain.errors import FarthingError, LedgerUnavailable
from farthing.domain.money import usd
from farthing.domain.record import Labels
from farthing.sdk.loops import here
from farthing.sdk.remote_ask import Answer, hear, refuse
from farthing.sdk.remote_beats import beats_of, overdue
from farthing.sdk.tool_errors import refused_with
from farthing.sdk.tool_money import Told, Took

T = TypeVar("T")

HOLD_SECONDS = 900
"""What the gateway is given as a deadline. A tool that takes longer is still settled exactly."""
WAIT_SECONDS = 300
"""How long a tool may queue for money that others hold, where its budgets say no less."""
TELL_SECONDS = 10.0
AGAIN_SECONDS = (0.2, 1.0, 3.0)
"""Before an end that did not get through is told again."""
_PATH = "/tool-uses"

log = logging.getLogger("farthing.sdk")


class RemoteTill:
    """`farthing.sdk.tool_money.Till` by a gateway."""

    def __init__(self, store: str) -> None:
        self._store = store.rstrip("/")

    def hold(self, buying: Buying, labels: Labels, took: Took) -> None:
        with self._asking(buying, labels, took) as asked:
            asked.result()

    async def hold_async(self, buying: Buying, labels: Labels, took: Took) -> None:
        with self._asking(buying, labels, took) as asked:
            await here().answer(asked)

    @contextmanager
    def _asking(self, buying: Buying, labels: Labels, took: Took) -> Iterator[Future[None]]:
        """The question on its way, withdrawn where whoever waits for it leaves: cancelled, timed out, interrupted."""
        once, left = secrets.token_hex(16), threading.Event()
        asked = _apart(lambda: self._hold(buying, labels, took, (once, left)), daemon=True)
        try:
            yield asked
        except BaseException:
            if not asked.done():
                left.set()
                _apart(lambda: self._withdraw(once, asked), daemon=False)
            raise

    def _withdraw(self, once: str, asked: Future[None]) -> None:
        """Until it is out of the queue, or has come to its end by itself: then whoever took the money gives it back."""
        for pause in (*AGAIN_SECONDS, None):
            try:
                answer = hear(self._store, "POST", f"{_PATH}/withdraw", {"once": once}, seconds=TELL_SECONDS)
                if answer.status < 300 and answer.body["withdrawn"]:
                    return
            except FarthingError as error:
                log.debug("the gateway could not be told that nobody waits for a tool's money any more: %s", error)
            if asked.done() or pause is None:
                return
            time.sleep(pause)

    def _hold(self, buying: Buying, labels: Labels, took: Took, asking: tuple[str, threading.Event]) -> None:
        others = dict(labels)
        once, left = asking
        if overdue(self._store):
            beats_of(self._store).keep_up()
        wanted = {
            "once": once,
            "run": others.pop("run"),
            "tool": buying.tool,
            "most_usd": usd(buying.most_nanos),
            "exact": buying.known,
            "labels": others,
            "seconds": HOLD_SECONDS,
            "wait_seconds": WAIT_SECONDS,
        }
        answer = self._reserved(wanted, left)
        if answer.status == 402:
            raise refused_with(answer.body, buying.tool)
        if answer.status >= 300:
            refuse(self._store, _PATH, answer)
        took(RemotePayment(self._store, answer.body["id"], buying))

    def _reserved(self, wanted: Mapping[str, object], left: threading.Event) -> Answer:
        """Asked for under one word, and twice where no answer came and somebody still waits: it is held once all the same."""
        seconds = WAIT_SECONDS + TELL_SECONDS
        try:
            return hear(self._store, "POST", _PATH, wanted, seconds=seconds)
        except LedgerUnavailable:
            if left.wait(AGAIN_SECONDS[0]):
                raise
            return hear(self._store, "POST", _PATH, wanted, seconds=seconds)


class RemotePayment:
    """`farthing.sdk.tool_money.Payment` at a gateway."""

    def __init__(self, store: str, use: str, buying: Buying) -> None:
        self._store = store
        self._use = use
        self._buying = buying

    def settle(self, nanos: int) -> Told:
        return self._told("settle", {"usd": usd(nanos)})

    def lose(self, reason: str) -> Told:
        return self._told("lose", {"reason": reason[:200]})

    def void(self, reason: str) -> Told:
        return self._told("void", {"reason": reason[:200]})

    def _told(self, end: str, body: Mapping[str, object]) -> Told:
        return _apart(lambda: self._tell(end, body), daemon=False)

    def _tell(self, end: str, body: Mapping[str, object]) -> None:
        """What became of the tool is worth more than what it cost: nothing is raised."""
        for pause in (*AGAIN_SECONDS, None):
            try:
                path = f"{_PATH}/{self._use}/{end}"
                answer = hear(self._store, "POST", path, body, seconds=TELL_SECONDS)
                if answer.status >= 300:
                    refuse(self._store, path, answer)
            except LedgerUnavailable as error:
                if pause is None:
                    self._give_up(end, error)
                    return
                time.sleep(pause)
            except FarthingError as error:
                self._give_up(end, error)
                return
            else:
                return

    def _give_up(self, end: str, error: FarthingError) -> None:
        log.warning(
            "the gateway could not be told to %s the money of the tool %s (%s, up to %s USD), so at its deadline it counts "
            "it as spent: %s",
            end,
            self._buying.tool,
            self._use,
            usd(self._buying.most_nanos),
            error,
        )


def _apart(work: Callable[[], T], *, daemon: bool) -> Future[T]:
    """In a thread of its own; here, where the program ends and no thread begins any more. The program's end waits for what
    is no daemon."""
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits
            done.set_exception(error)

    try:
        threading.Thread(target=run, name="farthing-till", daemon=daemon).start()
    except RuntimeError:
        run()
    return done
