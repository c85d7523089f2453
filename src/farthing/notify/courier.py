"""The worker that empties the outbox: each address has a hand of its own, so a dead one keeps nobody else waiting."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from farthing.alerts.delivery import GIVE_UP_MS, next_ms
from farthing.notify.address import Target
from farthing.notify.chat import Chat
from farthing.notify.failure import Undelivered
from farthing.notify.webhook import Webhook
from farthing.ports.alerts import Alert, Outbox, Parcel

log = logging.getLogger("farthing.alerts")

LEASE_MS = 120_000
"""A parcel whose worker died is taken by another after this: longer than any one attempt lasts."""


class Courier:
    """Delivers to the targets in force. Each alert reaches each address at least once, while it can be reached at all.

    chance: a number from 0 up to 1, another one each time.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        outbox: Outbox,
        webhook: Webhook,
        chat: Chat,
        clock: Callable[[], int],
        chance: Callable[[], float],
    ) -> None:
        self._targets = {target.address.digest: target for target in targets}
        self._outbox = outbox
        self._webhook = webhook
        self._chat = chat
        self._clock = clock
        self._chance = chance
        self._busy: set[str] = set()

    async def deliver_due(self) -> int:
        """Try what is due at every address that is not being tried already, and return how many were delivered.

        Raises an ExceptionGroup of LedgerUnavailable where the store cannot be used.
        """
        idle = self._targets.keys() - self._busy
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bury())
            hands = [group.create_task(self._empty(digest)) for digest in idle]
        return sum(hand.result() for hand in hands)

    def close(self) -> None:
        """Stop the threads that deliver to chats."""
        self._chat.close()

    async def _bury(self) -> None:
        now = self._clock()
        await asyncio.to_thread(self._outbox.bury, now - GIVE_UP_MS, now)

    async def _empty(self, digest: str) -> int:
        """Deliver what waits for one address, until nothing does or it fails: then the others would fail as well."""
        self._busy.add(digest)
        delivered = 0
        try:
            while True:
                parcel = await asyncio.to_thread(self._outbox.claim, (digest,), self._clock(), LEASE_MS)
                if parcel is None or not await self._try(parcel):
                    return delivered
                delivered += 1
        finally:
            self._busy.discard(digest)

    async def _try(self, parcel: Parcel) -> bool:
        try:
            await self._hand_over(self._targets[parcel.address.digest], parcel)
        except Undelivered as error:
            await self._note_failure(parcel, str(error))
            return False
        except Exception as error:  # noqa: BLE001 - whatever a service's plugin raises is a failed attempt, not our end
            await self._note_failure(parcel, f"{type(error).__name__} while delivering")
            return False
        await asyncio.to_thread(self._outbox.sent, parcel, self._clock())
        return True

    async def _hand_over(self, target: Target, parcel: Parcel) -> None:
        match target.kind:
            case "log":
                write_to_log(parcel.alert)
            case "webhook":
                await self._webhook.deliver(target.text, parcel.alert, parcel.key, self._clock())
            case "apprise":
                await self._chat.deliver(target.text, parcel.alert)

    async def _note_failure(self, parcel: Parcel, error: str) -> None:
        now = self._clock()
        again = next_ms(parcel.attempt, parcel.alert.at_ms, now, self._chance())
        log.warning(
            "alert %d did not reach %s (attempt %d): %s%s",
            parcel.alert.id,
            parcel.address.label,
            parcel.attempt,
            error,
            "; it is given up" if again is None else "",
        )
        await asyncio.to_thread(self._outbox.failed, parcel, error, again, now)


def write_to_log(alert: Alert) -> None:
    """One record of the logger `farthing.alerts`, at the level of warnings."""
    log.warning("%s (alert %d)\n%s", alert.title, alert.id, alert.text)
