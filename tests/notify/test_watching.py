"""The loop: looks when the bell rings, goes on when something fails, and ends when it is told to."""

import asyncio
import logging
import threading

from farthing.alerts.watch import Watch, Watched
from farthing.alerts.when import parse
from farthing.domain.errors import LedgerUnavailable
from farthing.notify.address import Target
from farthing.notify.chat import Chat
from farthing.notify.courier import Courier
from farthing.notify.notices import Notices
from farthing.notify.watching import watch
from farthing.notify.webhook import Webhook
from farthing.ports.alerts import Event, Happening
from farthing.stores.memory.alerts import MemoryOutbox
from support.alerting import LOG, NOON, USD, PreparedFacts, limited, standing
from support.ledgers import Clock, until
from support.upstream import PreparedUpstream


class Scene:
    def __init__(self, outbox=None):
        self.facts, self.outbox, self.clock = PreparedFacts(), outbox or MemoryOutbox(), Clock(NOON)
        self.notices = Notices()
        self.bell = self.notices.bell
        self.courier = Courier(
            (Target(kind="log", text="log", address=LOG),),
            outbox=self.outbox,
            webhook=Webhook(PreparedUpstream(), b"secret"),
            chat=Chat(),
            clock=self.clock,
            chance=lambda: 0.0,
        )
        rules = [Watched(rule=parse("budget > 80%"), to=(LOG,))]
        self.watch = Watch(rules, facts=self.facts, outbox=self.outbox, limits=lambda now_ms: (limited(),))

    def spend(self, dollars):
        self.facts.standings = (standing(dollars * USD),)
        self.facts.changes += 1
        self.bell.set()

    def sent(self):
        return sum(one.state == "sent" for alert in self.outbox.recent(limit=99) for one in alert.deliveries)

    async def run(self, act):
        """Run the loop, hardly ever looking by itself, while `act` goes on."""
        loop = asyncio.create_task(
            watch(
                self.watch,
                self.courier,
                clock=self.clock,
                outbox=self.outbox,
                notices=self.notices,
                every_seconds=3_600,
            )
        )
        try:
            await act()
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)
            self.courier.close()
        assert loop.cancelled()


def test_a_crossing_is_told_and_delivered_when_the_bell_rings():
    async def main():
        scene = Scene()

        async def act():
            await until(lambda: scene.facts.asked)
            assert scene.sent() == 0
            scene.spend(9)
            await until(lambda: scene.outbox.recent(limit=1))
            scene.bell.set()
            await until(lambda: scene.sent() == 1)

        await scene.run(act)

    asyncio.run(main())


def test_it_delivers_what_it_told_in_the_same_round():
    async def main():
        scene = Scene()
        scene.spend(9)

        async def act():
            await until(lambda: scene.sent() == 1)

        await scene.run(act)

    asyncio.run(main())


def test_a_store_that_is_down_and_a_rule_that_breaks_do_not_end_it(caplog):
    async def main():
        scene = Scene()
        troubles = [LedgerUnavailable("no disk"), ZeroDivisionError("a bug")]
        accounts = scene.facts.accounts

        def failing(*asked):
            if troubles:
                raise troubles.pop(0)
            return accounts(*asked)

        scene.facts.accounts = failing

        async def act():
            while troubles:
                left = len(troubles)
                scene.spend(9)
                await until(lambda left=left: len(troubles) < left)
            await until(lambda: scene.bell.set() or scene.sent() == 1)

        await scene.run(act)

    with caplog.at_level(logging.WARNING, "farthing.alerts"):
        asyncio.run(main())
    assert "will be when the store is back: no disk" in caplog.text
    assert "a round of alerts failed" in caplog.text


def test_an_outbox_that_fails_is_told_and_tried_again(caplog):
    class Flaky(MemoryOutbox):
        down = True

        def claim(self, addresses, now_ms, lease_ms):
            if self.down:
                self.down = False
                raise LedgerUnavailable("no disk")
            return super().claim(addresses, now_ms, lease_ms)

    async def main():
        scene = Scene(Flaky())
        scene.spend(9)

        async def act():
            await until(lambda: scene.bell.set() or scene.sent() == 1)

        await scene.run(act)

    asyncio.run(main())
    assert "could not be delivered, and will be when the store is back" in caplog.text


def test_what_was_noted_is_kept_and_told_in_one_round():
    async def main():
        scene = Scene()
        scene.watch.adopt([Watched(rule=parse("loop"), to=(LOG,))])
        scene.facts.happenings = lambda kind, since_ms: tuple(
            Happening(subject=event.subject, times=1) for event in scene.outbox.events(kind, since_ms)
        )

        async def act():
            await until(lambda: scene.facts.asked or scene.watch.latest.found)
            scene.facts.changes += 1
            scene.notices.add(Event(kind="loop", subject="run r17", at_ms=NOON))
            await until(lambda: scene.sent() == 1)

        await scene.run(act)
        assert scene.outbox.recent(limit=1)[0].subject == "run r17"

    asyncio.run(main())


def test_when_it_is_cancelled_nothing_of_it_is_still_at_the_store():
    async def main():
        scene = Scene()
        begun, released, ended = threading.Event(), threading.Event(), []

        def slow(*asked):
            begun.set()
            released.wait(10)
            ended.append(True)
            return ()

        scene.facts.accounts = slow

        async def act():
            await until(begun.is_set)
            asyncio.get_running_loop().call_later(0.02, released.set)

        await scene.run(act)
        assert ended

    asyncio.run(main())
