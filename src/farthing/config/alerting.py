"""Alerts wired: which rules hold, who is told, and the loop that looks and delivers for one engine."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress

from farthing.alerts.budgets import Limited
from farthing.alerts.delivery import key_of
from farthing.alerts.watch import Watch
from farthing.config.alert_rules import targets_of, watched_of
from farthing.config.settings import Settings
from farthing.config.store import Opened
from farthing.config.wiring import budgets_in_force
from farthing.domain.budget import Budget
from farthing.domain.errors import LedgerUnavailable
from farthing.notify.address import Target
from farthing.notify.chat import Chat
from farthing.notify.courier import Courier, Trial
from farthing.notify.in_force import limited
from farthing.notify.notices import Notices
from farthing.notify.watching import watch
from farthing.notify.webhook import Webhook
from farthing.ports.alerts import Alert, Outbox
from farthing.ports.directory import Stored
from farthing.ports.upstream import Upstream

TEST = "test"


class Alerting:
    """All that alerts are, over one store: `adopt` what holds, `run` the loop, `close` at the end.

    upstream: what webhooks are sent with; closed with this.
    """

    def __init__(self, store: Opened, *, clock: Callable[[], int], upstream: Upstream) -> None:
        self.notices = Notices()
        self._outbox = store.outbox
        self._upstream = upstream
        self._clock = clock
        self._in_force: tuple[tuple[Budget, ...], Stored] = ((), Stored(version=0))
        self.watch = Watch((), facts=store.facts, outbox=store.outbox, limits=self._limits)
        self.courier = courier_for((), store.outbox, store.alert_secret, upstream=upstream, clock=clock)

    def adopt(self, settings: Settings, stored: Stored) -> None:
        """Put rules, addresses and budgets in force."""
        budgets = budgets_in_force(settings, stored)
        self._in_force = budgets, stored
        self.courier.adopt(targets_of(settings))
        self.watch.adopt(watched_of(settings, budgets))

    async def run(self) -> None:
        """Look and deliver until cancelled."""
        await watch(self.watch, self.courier, clock=self._clock, outbox=self._outbox, notices=self.notices)

    async def test(self, by: str) -> tuple[Trial, ...]:
        """Send a test alert to every address of the configuration now; nothing of it is kept."""
        return await try_addresses(self.courier, by, self._clock())

    async def close(self) -> None:
        """Keep what was noted last, and let go of threads and connections. Before the store is closed."""
        with suppress(LedgerUnavailable):
            await self.notices.keep(self._outbox)
        self.courier.close()
        await self._upstream.close()

    def _limits(self, now_ms: int) -> tuple[Limited, ...]:
        budgets, stored = self._in_force
        return limited(budgets, stored.grants, now_ms)


def courier_for(
    targets: Sequence[Target], outbox: Outbox, secret: str, *, upstream: Upstream, clock: Callable[[], int]
) -> Courier:
    """What delivers to these. `secret` signs what webhooks receive."""
    webhook = Webhook(upstream, secret.encode())
    return Courier(targets, outbox=outbox, webhook=webhook, chat=Chat(), clock=clock, chance=random.random)


async def try_addresses(courier: Courier, by: str, now_ms: int) -> tuple[Trial, ...]:
    """Send a test alert to every address of a courier now; nothing of it is kept."""
    text = f"This is a test, asked for by {by}. No threshold was crossed, and nothing needs to be done."
    alert = Alert(
        id=0,
        at_ms=now_ms,
        rule=TEST,
        subject="",
        value=None,
        threshold=0,
        title="Farthing: a test",
        text=text,
        state="over",
    )
    return await courier.try_each(alert, key_of(0, now_ms, TEST, by))
