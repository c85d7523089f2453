"""What every outbox of alerts promises, held against each backend."""

import pytest

from farthing.alerts.delivery import key_of
from farthing.domain.errors import BadRequest
from farthing.ports.alerts import Event
from farthing.stores.memory.alerts import MemoryOutbox
from farthing.stores.sqlite.alerts import SqliteOutbox
from support.alerting import DAY_MS, HOOK, LOG, NOON, an_alert

RULE = "budget > 80%"
LEASE_MS = 60_000


@pytest.fixture(params=["memory", "sqlite"])
def outbox(request, tmp_path):
    outbox = MemoryOutbox() if request.param == "memory" else SqliteOutbox(tmp_path / "farthing.db")
    yield outbox
    outbox.close()


def claim(outbox, *addresses, now_ms=NOON):
    return outbox.claim({address.digest for address in addresses or (LOG, HOOK)}, now_ms, LEASE_MS)


def deliveries(outbox, alert):
    return {one.address: one for one in outbox.find(alert.id).deliveries}


def test_a_new_outbox_is_empty(outbox):
    assert outbox.fired(RULE) == outbox.recent(limit=9) == ()
    assert outbox.find(1) is None
    assert claim(outbox) is None
    assert outbox.bury(NOON, NOON) == outbox.forget(NOON) == 0


def test_an_alert_that_was_told_is_kept_whole_with_its_deliveries(outbox):
    told = outbox.tell(an_alert("bob", window="w1"), (LOG, HOOK))
    assert outbox.find(told.id) == told
    assert outbox.recent(limit=9) == (told,)
    assert (told.rule, told.subject, told.value, told.threshold) == (RULE, "bob", 9, 8)
    assert (told.title, told.text, told.at_ms, told.state) == ("it is full", "all of it", NOON, "firing")
    assert [(one.address, one.state, one.attempts, one.next_ms) for one in told.deliveries] == [
        (LOG, "waiting", 0, NOON),
        (HOOK, "waiting", 0, NOON),
    ]


def test_the_same_crossing_is_told_once(outbox):
    first = outbox.tell(an_alert("bob", window="w1"), (LOG,))
    assert outbox.tell(an_alert("bob", window="w1"), (LOG,)) is None
    (fired,) = outbox.fired(RULE)
    assert (fired.subject, fired.window, fired.alert) == ("bob", "w1", first.id)
    assert outbox.recent(limit=9) == (first,)


def test_another_window_another_subject_and_another_rule_are_told(outbox):
    told = [
        outbox.tell(an_alert("bob", window="w1"), ()),
        outbox.tell(an_alert("bob", window="w2"), ()),
        outbox.tell(an_alert("eve", window="w1"), ()),
        outbox.tell(an_alert("bob", rule="loop", window="w1"), ()),
    ]
    assert len({alert.id for alert in told}) == 4
    assert [(one.subject, one.window) for one in outbox.fired(RULE)] == [("bob", "w2"), ("eve", "w1")]


def test_an_alert_of_many_is_told_as_long_as_one_of_them_is_new(outbox):
    first = outbox.tell(an_alert("a"), ())
    second = outbox.tell(an_alert("a", "b", "c"), ())
    assert {one.subject: one.alert for one in outbox.fired(RULE)} == {"a": first.id, "b": second.id, "c": second.id}
    assert outbox.tell(an_alert("a", "b", "c"), ()) is None


def test_an_alert_is_over_when_its_last_subject_is_ready_again(outbox):
    told = outbox.tell(an_alert("a", "b"), ())
    a, b = outbox.fired(RULE)
    outbox.rearm(RULE, [a], NOON + 1)
    assert outbox.find(told.id).state == "firing"
    outbox.rearm(RULE, [b], NOON + 2)
    outbox.rearm(RULE, [b], NOON + 3)
    over = outbox.find(told.id)
    assert (over.state, over.ended_ms) == ("over", NOON + 2)
    assert outbox.fired(RULE) == ()
    assert outbox.tell(an_alert("a"), ()) is not None


def test_what_was_told_anew_in_a_new_window_stays_when_the_old_one_is_made_ready(outbox):
    old = outbox.tell(an_alert("a", window="w1"), ())
    (before,) = outbox.fired(RULE)
    new = outbox.tell(an_alert("a", window="w2"), ())
    outbox.rearm(RULE, [before], NOON + 1)
    assert [one.alert for one in outbox.fired(RULE)] == [new.id]
    assert (outbox.find(old.id).state, outbox.find(new.id).state) == ("over", "firing")


def test_who_has_seen_it_is_kept_and_what_was_not_delivered_is_dropped(outbox):
    told = outbox.tell(an_alert(), (LOG, HOOK))
    outbox.sent(claim(outbox, LOG), NOON + 1)
    outbox.acknowledge(told.id, "ada", NOON + 2)
    outbox.acknowledge(told.id, "bob", NOON + 3)
    found = outbox.find(told.id)
    assert (found.acknowledged_by, found.acknowledged_ms, found.state) == ("ada", NOON + 2, "firing")
    states = deliveries(outbox, told)
    assert (states[LOG].state, states[HOOK].state, states[HOOK].ended_ms) == ("sent", "dropped", NOON + 2)
    assert claim(outbox, now_ms=NOON + DAY_MS) is None


def test_an_acknowledged_subject_is_silent_until_it_was_calm(outbox):
    told = outbox.tell(an_alert(), ())
    outbox.acknowledge(told.id, "ada", NOON)
    assert outbox.tell(an_alert(), ()) is None
    outbox.rearm(RULE, outbox.fired(RULE), NOON)
    assert outbox.tell(an_alert(), ()).acknowledged_by == ""


def test_an_alert_that_never_was_cannot_be_acknowledged(outbox):
    with pytest.raises(BadRequest, match="no alert 17"):
        outbox.acknowledge(17, "ada", NOON)


def test_a_parcel_is_one_workers_alone_until_its_lease_ends(outbox):
    told = outbox.tell(an_alert(), (HOOK,))
    parcel = claim(outbox)
    assert (parcel.attempt, parcel.address, parcel.alert.id) == (1, HOOK, told.id)
    assert parcel.key == key_of(told.id, NOON, RULE, HOOK.digest)
    assert claim(outbox) is claim(outbox, now_ms=NOON + LEASE_MS - 1) is None
    again = claim(outbox, now_ms=NOON + LEASE_MS)
    assert (again.delivery, again.attempt, again.key) == (parcel.delivery, 2, parcel.key)


def test_parcels_come_in_the_order_in_which_they_were_due_and_only_to_addresses_asked_for(outbox):
    first = outbox.tell(an_alert("a"), (LOG, HOOK))
    second = outbox.tell(an_alert("b", at_ms=NOON + 1), (LOG,))
    assert claim(outbox, LOG, now_ms=NOON - 1) is None
    taken = [claim(outbox, LOG, now_ms=NOON + 5) for _ in range(3)]
    assert [one and one.alert.id for one in taken] == [first.id, second.id, None]
    assert outbox.claim((), NOON + 5, LEASE_MS) is None
    assert claim(outbox, HOOK, now_ms=NOON + 5).alert.id == first.id


def test_what_was_sent_is_done(outbox):
    told = outbox.tell(an_alert(), (LOG,))
    outbox.sent(claim(outbox), NOON + 9)
    done = deliveries(outbox, told)[LOG]
    assert (done.state, done.attempts, done.ended_ms, done.last_error) == ("sent", 1, NOON + 9, "")
    assert claim(outbox, now_ms=NOON + DAY_MS) is None


def test_what_failed_is_due_again_later_and_says_why(outbox):
    told = outbox.tell(an_alert(), (HOOK,))
    outbox.failed(claim(outbox), "it answered 500", NOON + 5_000, NOON)
    waiting = deliveries(outbox, told)[HOOK]
    assert (waiting.state, waiting.attempts, waiting.next_ms, waiting.last_error) == (
        "waiting",
        1,
        NOON + 5_000,
        "it answered 500",
    )
    assert claim(outbox, now_ms=NOON + 4_999) is None
    assert claim(outbox, now_ms=NOON + 5_000).attempt == 2


def test_what_is_given_up_is_dead_and_shown(outbox):
    told = outbox.tell(an_alert(), (HOOK,))
    outbox.failed(claim(outbox), "it answered 500", None, NOON + 7)
    dead = deliveries(outbox, told)[HOOK]
    assert (dead.state, dead.ended_ms, dead.last_error) == ("dead", NOON + 7, "it answered 500")
    assert claim(outbox, now_ms=NOON + DAY_MS) is None


def test_a_worker_that_lost_its_lease_changes_nothing_unless_it_did_deliver(outbox):
    told = outbox.tell(an_alert(), (HOOK,))
    slow = claim(outbox)
    quick = claim(outbox, now_ms=NOON + LEASE_MS)
    outbox.failed(slow, "too late to say", None, NOON)
    assert deliveries(outbox, told)[HOOK].state == "waiting"
    outbox.sent(slow, NOON + LEASE_MS + 1)
    outbox.failed(quick, "the second one failed", NOON, NOON)
    assert deliveries(outbox, told)[HOOK].state == "sent"


def test_what_nobody_could_deliver_in_time_is_buried(outbox):
    told = outbox.tell(an_alert(), (LOG, HOOK))
    outbox.failed(claim(outbox, LOG), "no", NOON, NOON)
    outbox.sent(claim(outbox, HOOK), NOON)
    forgotten = outbox.tell(an_alert("b"), (HOOK,))
    assert outbox.bury(NOON, NOON + DAY_MS) == 0
    assert outbox.bury(NOON + 1, NOON + DAY_MS) == 2
    assert (deliveries(outbox, told)[LOG].state, deliveries(outbox, told)[LOG].last_error) == ("dead", "no")
    assert deliveries(outbox, told)[HOOK].state == "sent"
    assert "no longer be configured" in deliveries(outbox, forgotten)[HOOK].last_error


def test_what_is_under_way_is_not_buried(outbox):
    told = outbox.tell(an_alert(), (HOOK,))
    claim(outbox, now_ms=NOON + DAY_MS)
    assert outbox.bury(NOON + DAY_MS, NOON + DAY_MS) == 0
    assert deliveries(outbox, told)[HOOK].state == "waiting"


def test_the_newest_come_first_in_pages_and_those_that_fire_alone_if_asked(outbox):
    told = [outbox.tell(an_alert(f"s{n}"), (LOG,)) for n in range(5)]
    outbox.rearm(RULE, [one for one in outbox.fired(RULE) if one.subject == "s3"], NOON)
    numbers = [alert.id for alert in told]
    page = outbox.recent(limit=2)
    rest = outbox.recent(limit=9, before_id=page[-1].id)
    assert [alert.id for alert in (*page, *rest)] == numbers[::-1]
    assert [alert.id for alert in outbox.recent(limit=9, firing=True)] == [numbers[n] for n in (4, 2, 1, 0)]


def test_only_what_is_over_is_forgotten(outbox):
    over, firing = outbox.tell(an_alert("a"), (LOG,)), outbox.tell(an_alert("b"), (LOG,))
    outbox.rearm(RULE, [one for one in outbox.fired(RULE) if one.subject == "a"], NOON)
    outbox.note(Event(kind="loop", subject="r", at_ms=NOON))
    assert outbox.forget(NOON) == 0
    assert outbox.forget(NOON + 1) == 1
    assert outbox.find(over.id) is None
    assert outbox.find(firing.id) == firing
    assert claim(outbox).alert.id == firing.id
    assert claim(outbox) is None


def test_numbers_of_alerts_are_never_used_again(outbox):
    first = outbox.tell(an_alert("a"), ())
    outbox.rearm(RULE, outbox.fired(RULE), NOON)
    outbox.forget(NOON + 1)
    assert outbox.tell(an_alert("a"), ()).id > first.id
