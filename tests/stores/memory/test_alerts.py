"""The outbox in memory beside its contract suite: events, and threads."""

from concurrent.futures import ThreadPoolExecutor

from farthing.ports.alerts import Event
from farthing.stores.memory.alerts import MemoryOutbox
from support.alerting import LOG, NOON, an_alert


def test_events_are_kept_in_order_by_kind():
    outbox = MemoryOutbox()
    for n, kind in enumerate(("loop", "orphan", "loop")):
        outbox.note(Event(kind=kind, subject=str(n), at_ms=NOON + n))
    assert [event.subject for event in outbox.events("loop", NOON)] == ["0", "2"]
    assert [event.subject for event in outbox.events("loop", NOON + 1)] == ["2"]


def test_of_many_threads_one_tells_and_one_delivers():
    outbox = MemoryOutbox()
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: outbox.tell(an_alert("a"), (LOG,)), range(40)))
        taken = list(threads.map(lambda _: outbox.claim({LOG.digest}, NOON, 1_000), range(40)))
    assert sum(alert is not None for alert in told) == 1
    assert sum(parcel is not None for parcel in taken) == 1
