"""Passing spans on: what was not taken comes again, what was taken does not, and what is too old is counted."""

from farthing.telemetry.passing import BATCH, KEEP_MS, Passing
from farthing.telemetry.present import Passed
from support.recorded import a_call
from support.tallying import LATER_MS, NOW_MS, a_trail


class Endpoint:
    def __init__(self):
        self.takes = True
        self.ids = []

    def send_spans(self, spans):
        if self.takes:
            self.ids += [span.span_id for span in spans]
        return self.takes


class Notes:
    """What is kept between rounds."""

    def __init__(self):
        self.progress = b""
        self.lost = False

    def keep(self, progress):
        if not self.lost:
            self.progress = progress
        return not self.lost


def world(*calls):
    records, trail = a_trail(*calls)
    endpoint, notes, passed = Endpoint(), Notes(), Passed()
    passing = Passing(trail, records, endpoint, naive_of=lambda *_: 0, hidden=frozenset(), passed=passed)

    def go(now_ms=LATER_MS, first_ms=None):
        return passing.round(notes.progress, notes.keep, now_ms, 0, first_ms=now_ms if first_ms is None else first_ms)

    return records, endpoint, notes, passed, go


def test_what_was_before_the_first_round_is_nobodys_news():
    records, endpoint, _, _, go = world(a_call(1, attempts=({},)))
    go()
    go()
    assert endpoint.ids == []
    fresh = a_call(2, at_ms=LATER_MS + 1, attempts=({},))
    records.put(fresh)
    go(LATER_MS + 2)
    assert endpoint.ids == [fresh.opening.id]


def test_what_is_over_before_the_first_round_is_news_where_it_began_with_the_process():
    early = a_call(1, attempts=({},))
    _, endpoint, _, _, go = world(early)
    go(LATER_MS, first_ms=NOW_MS - 1)
    go()
    assert endpoint.ids == [early.opening.id]


def test_what_was_not_taken_comes_again_and_nothing_comes_twice():
    records, endpoint, notes, passed, go = world()
    go(NOW_MS - 1)
    calls = [a_call(n, attempts=({},)) for n in range(1, 4)]
    for call in calls:
        records.put(call)
    endpoint.takes = False
    kept = notes.progress
    assert go() is None
    assert notes.progress == kept
    assert passed.failures == 1
    endpoint.takes = True
    assert go() is not None
    assert go() is not None
    assert sorted(endpoint.ids) == [call.opening.id for call in calls]
    assert passed.spans == 3


def test_many_go_in_batches():
    records, endpoint, _, _, go = world()
    go(NOW_MS - 1)
    for n in range(1, 2 * BATCH + 10):
        records.put(a_call(n, attempts=({},)))
    go()
    assert len(set(endpoint.ids)) == len(endpoint.ids) == 2 * BATCH + 9


def test_an_open_call_waits_until_its_cost_is_known():
    records, endpoint, _, _, go = world()
    go(NOW_MS - 1)
    records.put(a_call(1, attempts=({"state": "unknown"},), closing="unknown"))
    go()
    assert endpoint.ids == []
    records.put(a_call(1, attempts=({"state": "settled"},), closing="unknown"))
    go()
    assert len(endpoint.ids) == 1


def test_what_is_too_old_is_dropped_and_counted():
    records, endpoint, _, passed, go = world()
    go(NOW_MS - 1)
    for n in range(1, 4):
        records.put(a_call(n, attempts=({},)))
    young = a_call(9, at_ms=NOW_MS + KEEP_MS, attempts=({},))
    records.put(young)
    go(NOW_MS + KEEP_MS + 1_000)
    assert endpoint.ids == [young.opening.id]
    assert passed.dropped == 3


def test_who_lost_the_lease_stops():
    records, _, notes, _, go = world()
    go(NOW_MS - 1)
    records.put(a_call(1, attempts=({},)))
    notes.lost = True
    assert go() is None


def test_nothing_is_written_where_nothing_is_new():
    _, _, notes, _, go = world()
    go(NOW_MS - 1)
    notes.lost = True
    assert go() is not None
