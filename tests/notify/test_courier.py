"""Delivering from the outbox: retries, dead endpoints, two workers, restarts."""

import asyncio
import logging

import pytest

from farthing.alerts.delivery import FIRST_MS, GIVE_UP_MS
from farthing.domain.errors import LedgerUnavailable, NotSent
from farthing.notify.address import Target
from farthing.notify.chat import Chat
from farthing.notify.courier import LEASE_MS, Courier, Trial
from farthing.notify.webhook import Webhook
from farthing.stores.memory.alerts import MemoryOutbox
from farthing.stores.sqlite.alerts import SqliteOutbox
from support.alerting import HOOK, LOG, NOON, an_alert
from support.ledgers import Clock, until
from support.upstream import PreparedAnswer

TO_LOG = Target(kind="log", text="log", address=LOG)
TO_HOOK = Target(kind="webhook", text="https://hooks.example.com/T0K3N", address=HOOK)


class Endpoint:
    """An upstream whose answer the test sets; remembers the ids it got."""

    def __init__(self, outcome=lambda: PreparedAnswer(204)):
        self.outcome = outcome
        self.keys = []

    async def send(self, request):
        self.keys.append(dict(request.headers)[b"idempotency-key"].decode())
        outcome = self.outcome()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def close(self):
        pass


def down():
    return NotSent("https://hooks.example.com could not be reached")


class Scene:
    def __init__(self, outbox=None, outcome=lambda: PreparedAnswer(204)):
        self.outbox = outbox or MemoryOutbox()
        self.endpoint = Endpoint(outcome)
        self.clock = Clock(NOON)

    def courier(self, *targets):
        return Courier(
            targets or (TO_LOG, TO_HOOK),
            outbox=self.outbox,
            webhook=Webhook(self.endpoint, b"secret"),
            chat=Chat(),
            clock=self.clock,
            chance=lambda: 0.5,
        )

    def deliver(self, *targets):
        courier = self.courier(*targets)
        try:
            return asyncio.run(courier.deliver_due())
        finally:
            courier.close()

    def states(self, alert):
        return {one.address: one.state for one in self.outbox.find(alert.id).deliveries}


@pytest.fixture(params=["memory", "sqlite"])
def scene(request, tmp_path):
    scene = Scene(MemoryOutbox() if request.param == "memory" else SqliteOutbox(tmp_path / "farthing.db"))
    yield scene
    scene.outbox.close()


def test_everything_due_is_delivered_once(scene, caplog):
    told = [scene.outbox.tell(an_alert(f"s{n}"), (LOG, HOOK)) for n in range(3)]
    with caplog.at_level(logging.WARNING, "farthing.alerts"):
        assert scene.deliver() == 6
    assert scene.deliver() == 0
    assert all(scene.states(alert) == {LOG: "sent", HOOK: "sent"} for alert in told)
    assert len(set(scene.endpoint.keys)) == len(scene.endpoint.keys) == 3
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert "it is full (alert" in caplog.text


def test_a_dead_endpoint_is_tried_again_later_under_the_same_id_and_keeps_nobody_else_waiting(scene, caplog):
    scene.endpoint.outcome = down
    told = scene.outbox.tell(an_alert(), (HOOK, LOG))
    assert scene.deliver() == 1
    assert scene.states(told) == {HOOK: "waiting", LOG: "sent"}
    (waiting,) = (one for one in scene.outbox.find(told.id).deliveries if one.address == HOOK)
    assert (waiting.next_ms, waiting.last_error) == (
        NOON + FIRST_MS * 3 // 4,
        "https://hooks.example.com could not be reached",
    )
    assert scene.deliver() == 0
    assert len(scene.endpoint.keys) == 1, "not yet due"
    scene.endpoint.outcome = lambda: PreparedAnswer(200)
    scene.clock.now_ms += FIRST_MS
    assert scene.deliver() == 1
    assert scene.states(told)[HOOK] == "sent"
    assert len(scene.endpoint.keys) == 2
    assert len(set(scene.endpoint.keys)) == 1
    assert "T0K3N" not in caplog.text
    assert "(attempt 1)" in caplog.text


def test_what_waits_behind_a_failure_at_the_same_address_is_not_tried_in_that_round(scene):
    scene.endpoint.outcome = down
    told = [scene.outbox.tell(an_alert(f"s{n}"), (HOOK,)) for n in range(5)]
    scene.deliver()
    assert len(scene.endpoint.keys) == 1
    assert sum(one.deliveries[0].attempts for one in map(scene.outbox.find, (alert.id for alert in told))) == 1


def test_after_three_days_it_is_dead_and_says_why(scene):
    scene.endpoint.outcome = down
    told = scene.outbox.tell(an_alert(), (HOOK,))
    rounds = 0
    while scene.states(told)[HOOK] == "waiting":
        scene.deliver()
        (one,) = scene.outbox.find(told.id).deliveries
        scene.clock.now_ms = max(one.next_ms, scene.clock.now_ms + 1)
        rounds += 1
        assert rounds < 200
    (dead,) = scene.outbox.find(told.id).deliveries
    assert dead.state == "dead"
    assert "could not be reached" in dead.last_error
    assert dead.ended_ms >= NOON + GIVE_UP_MS
    assert 70 < rounds < 140, "about one an hour"


def test_an_address_that_left_the_configuration_is_buried_in_the_end(scene):
    told = scene.outbox.tell(an_alert(), (HOOK,))
    scene.deliver(TO_LOG)
    assert scene.states(told) == {HOOK: "waiting"}
    scene.clock.now_ms += GIVE_UP_MS + 1
    scene.deliver(TO_LOG)
    assert scene.states(told) == {HOOK: "dead"}


def test_whatever_a_plugin_raises_is_a_failed_attempt(scene):
    def broken():
        raise ZeroDivisionError("T0K3N")

    scene.endpoint.outcome = broken
    told = scene.outbox.tell(an_alert(), (HOOK,))
    assert scene.deliver() == 0
    assert scene.outbox.find(told.id).deliveries[0].last_error == "ZeroDivisionError while delivering"


def test_two_workers_on_one_outbox_deliver_each_alert_once(scene):
    for n in range(20):
        scene.outbox.tell(an_alert(f"s{n}"), (HOOK,))

    async def both():
        couriers = [scene.courier(TO_HOOK) for _ in range(2)]
        done = await asyncio.gather(*(courier.deliver_due() for courier in couriers))
        for courier in couriers:
            courier.close()
        return sum(done)

    assert asyncio.run(both()) == 20
    assert len(set(scene.endpoint.keys)) == len(scene.endpoint.keys) == 20


def test_a_worker_that_dies_after_sending_costs_a_second_message_with_the_same_id(scene):
    scene.outbox.tell(an_alert(), (HOOK,))
    lost = scene.outbox.claim({HOOK.digest}, NOON, LEASE_MS)
    assert scene.deliver() == 0
    scene.clock.now_ms += LEASE_MS
    assert scene.deliver() == 1
    assert scene.endpoint.keys == [lost.key]


def test_what_was_told_before_a_restart_is_delivered_after_it(tmp_path):
    before = Scene(SqliteOutbox(tmp_path / "farthing.db"), down)
    told = before.outbox.tell(an_alert(), (LOG, HOOK))
    before.deliver()
    before.outbox.close()
    after = Scene(SqliteOutbox(tmp_path / "farthing.db"))
    after.clock.now_ms += FIRST_MS
    assert after.deliver() == 1
    assert after.states(told) == {LOG: "sent", HOOK: "sent"}
    assert after.endpoint.keys == before.endpoint.keys
    after.outbox.close()


def test_an_endpoint_that_hangs_keeps_no_other_address_waiting_in_later_rounds():
    scene = Scene()

    async def main():
        released, sent = asyncio.Event(), []

        class Hanging:
            async def send(self, request):
                sent.append(request)
                await released.wait()
                return PreparedAnswer(200)

            async def close(self):
                pass

        scene.endpoint = Hanging()
        courier = scene.courier()
        scene.outbox.tell(an_alert("a"), (HOOK,))
        stuck = asyncio.create_task(courier.deliver_due())
        await until(lambda: sent and courier._busy == {HOOK.digest})
        later = scene.outbox.tell(an_alert("b"), (LOG, HOOK))
        assert await courier.deliver_due() == 1
        assert scene.states(later) == {LOG: "sent", HOOK: "waiting"}
        released.set()
        assert await stuck == 2, "and what came in meanwhile"
        courier.close()

    asyncio.run(main())


def test_other_targets_hold_from_the_next_round_on(scene):
    told = scene.outbox.tell(an_alert(), (LOG, HOOK))

    async def main():
        courier = scene.courier(TO_LOG)
        assert await courier.deliver_due() == 1
        courier.adopt((TO_HOOK, TO_HOOK))
        assert courier.targets == (TO_HOOK,)
        assert await courier.deliver_due() == 1
        courier.close()

    asyncio.run(main())
    assert scene.states(told) == {LOG: "sent", HOOK: "sent"}


def test_a_trial_goes_to_everybody_at_once_and_leaves_nothing_behind(scene):
    scene.endpoint.outcome = down
    alert = MemoryOutbox().tell(an_alert(), ())

    async def main():
        courier = scene.courier()
        try:
            return await courier.try_each(alert, "k" * 32)
        finally:
            courier.close()

    assert asyncio.run(main()) == (Trial(LOG), Trial(HOOK, "https://hooks.example.com could not be reached"))
    assert scene.endpoint.keys == ["k" * 32]
    assert scene.outbox.recent(limit=1) == ()


def test_a_store_that_is_down_is_told():
    class Down(MemoryOutbox):
        def claim(self, addresses, now_ms, lease_ms):
            raise LedgerUnavailable("no disk")

    with pytest.raises(ExceptionGroup) as error:
        Scene(Down()).deliver()
    assert error.group_contains(LedgerUnavailable)
