"""The worker that empties the outbox: each address has a hand of its own, so a dead one keeps nobody else waiting."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from farthing.alerts.delivery import GIVE_UP_MS, next_ms
from farthing.notify.address import Target
from farthing.notify.chat import Chat
from farthing.notify.failure import Undelivered
from farthing.notify.thread import to_its_end
from farthing.notify.webhook import Webhook
from farthing.ports.alerts import Address, Alert, Outbox, Parcel

log = logging.getLogger("farthing.alerts")

LEASE_MS = 120_000
"""A parcel whose worker died is taken by another after this: longer than any one attempt lasts."""


class Trial(NamedTuple):
    """One attempt at one address; `error` is "" where it was taken, else it holds no secret."""

    address: Address
    error: str = ""


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
        self.targets = _each_once(targets)
        self._outbox = outbox
        self._webhook = webhook
        self._chat = chat
        self._clock = clock
        self._chance = chance
        self._busy: set[str] = set()

    def adopt(self, targets: Sequence[Target]) -> None:
        """Deliver to these from now on. What is under way to another goes on."""
        self.targets = _each_once(targets)

    async def try_each(self, alert: Alert, key: str) -> tuple[Trial, ...]:
        """Deliver this to every target at once, past the outbox: does it work?"""
        return tuple(await asyncio.gather(*(self._attempt(target, alert, key) for target in self.targets)))

    async def deliver_due(self) -> int:
        """Try what is due at every address that is not being tried already, and return how many were delivered.

        Raises an ExceptionGroup of LedgerUnavailable where the store cannot be used.
        """
        idle = [target for target in self.targets if target.address.digest not in self._busy]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bury())
            hands = [group.create_task(self._empty(target)) for target in idle]
        return sum(hand.result() for hand in hands)

    def close(self) -> None:
        """Stop the threads that deliver to chats."""
        self._chat.close()

    async def _bury(self) -> None:
        now = self._clock()
        await to_its_end(self._outbox.bury, now - GIVE_UP_MS, now)

    async def _empty(self, target: Target) -> int:
        """Deliver what waits for one address, until nothing does or it fails: then the others would fail as well."""
        digest = target.address.digest
        self._busy.add(digest)
        delivered = 0
        try:
            while True:
                parcel = await to_its_end(self._outbox.claim, (digest,), self._clock(), LEASE_MS)
                if parcel is None or not await self._try(target, parcel):
                    return delivered
                delivered += 1
        finally:
            self._busy.discard(digest)

    async def _try(self, target: Target, parcel: Parcel) -> bool:
        trial = await self._attempt(target, parcel.alert, parcel.key)
        if trial.error:
            await self._note_failure(parcel, trial.error)
            return False
        await to_its_end(self._outbox.sent, parcel, self._clock())
        return True

    async def _attempt(self, target: Target, alert: Alert, key: str) -> Trial:
        try:
            await self._hand_over(target, alert, key)
        except Undelivered as error:
            return Trial(target.address, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a service's plugin raises is a failed attempt, not our end
            return Trial(target.address, f"{type(error).__name__} while delivering")
        return Trial(target.address)

    async def _hand_over(self, target: Target, alert: Alert, key: str) -> None:
        match target.kind:
            case "log":
                write_to_log(alert)
            case "webhook":
                await self._webhook.deliver(target.text, alert, key, self._clock())
            case "apprise":
                await self._chat.deliver(target.text, alert)

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
        await to_its_end(self._outbox.failed, parcel, error, again, now)


def _each_once(targets: Sequence[Target]) -> tuple[Target, ...]:
    return tuple({target.address.digest: target for target in targets}.values())


def write_to_log(alert: Alert) -> None:
    """One record of the logger `farthing.alerts`, at the level of warnings."""
    log.warning("%s (alert %d)\n%s", alert.title, alert.id, alert.text)
