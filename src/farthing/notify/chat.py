"""Chat, mail and everything else that Apprise can reach: the extra `farthing[alerts]`, loaded on first use."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from farthing.notify.failure import Undelivered
from farthing.ports.alerts import Alert

SECONDS = 30.0
"""After this an attempt counts as failed, though its thread may still be at it."""
THREADS = 2
"""Of our own, so that a service that hangs keeps nobody else waiting."""


class Chat:
    """Delivers through Apprise, in threads: it blocks."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="farthing-alerts")

    async def deliver(self, url: str, alert: Alert) -> None:
        """Raises Undelivered; its words hold nothing of the address."""
        scheme = url.partition("://")[0]
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                taken = await loop.run_in_executor(self._threads, _notify, url, alert.title, alert.text)
        except TimeoutError:
            raise Undelivered(f"{scheme}:// took longer than {self._seconds:g} seconds") from None
        if not taken:
            raise Undelivered(f"{scheme}:// did not take it; the log of `apprise` says why")

    def close(self) -> None:
        """Take nothing new. What is under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _notify(url: str, title: str, text: str) -> bool:
    try:
        import apprise  # noqa: PLC0415 - an extra, loaded where it is used
    except ImportError:
        raise Undelivered("Apprise is missing; install it with `pip install 'farthing[alerts]'`") from None
    sender: Any = apprise.Apprise()
    if not sender.add(url):
        raise Undelivered(f"Apprise cannot read this {url.partition('://')[0]}:// address; see its own documentation")
    return bool(sender.notify(title=title, body=text))
