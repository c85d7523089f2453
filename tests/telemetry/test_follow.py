"""Followers see every attempt once and every call once, whatever comes late or stays open."""

import random

import msgspec

from farthing.domain.ids import EPOCH_MS
from farthing.telemetry.follow import GONE_MS, LATE_MS, Follower, Progress, floor, is_over, since
from support.recorded import a_call
from support.tallying import LATER_MS, NOW_MS, a_trail


def step(follower, now_ms=LATER_MS, **options):
    return [(found.call.opening.id, len(found.ended), found.over) for found in follower.news(now_ms, **options)]


def test_a_call_that_is_over_is_found_once():
    call = a_call(1, attempts=({},))
    follower = Follower(a_trail(call)[1], Progress())
    assert step(follower) == [(call.opening.id, 1, True)]
    assert step(follower) == []
    assert follower.caught_up


def test_an_open_call_is_found_again_when_more_of_it_has_ended():
    open_call = a_call(1, closing="", attempts=({"state": "settled"}, {"state": "held"}))
    records, trail = a_trail(open_call)
    follower = Follower(trail, Progress())
    assert step(follower) == [(open_call.opening.id, 1, False)]
    assert step(follower) == []
    records.put(a_call(1, attempts=({"state": "settled"}, {"state": "settled"})))
    assert step(follower) == [(open_call.opening.id, 1, True)]
    assert follower.progress.open == {}


def test_a_call_that_comes_in_behind_a_later_one_is_not_lost():
    first, second = a_call(1, attempts=({},)), a_call(2, attempts=({},))
    records, trail = a_trail(second)
    follower = Follower(trail, Progress())
    assert step(follower, NOW_MS + 1) == [(second.opening.id, 1, True)]
    records.put(first)
    assert step(follower, NOW_MS + 2) == [(first.opening.id, 1, True)]
    assert step(follower, NOW_MS + 3) == []


def test_a_call_that_waited_long_is_found_while_such_a_wait_is_possible():
    waited, later = a_call(1, attempts=({},)), a_call(2, at_ms=NOW_MS + 5_000, attempts=({},))
    records, trail = a_trail(later)
    follower = Follower(trail, Progress())
    wait_ms = 40 * 60_000
    step(follower, NOW_MS + LATE_MS, late_ms=wait_ms)
    records.put(waited)
    assert step(follower, NOW_MS + LATE_MS + wait_ms - 60_000, late_ms=wait_ms) == [(waited.opening.id, 1, True)]


def test_what_is_remembered_is_bounded_by_the_wait():
    _, trail = a_trail(*(a_call(n, at_ms=NOW_MS + n, attempts=({},)) for n in range(1, 50)))
    follower = Follower(trail, Progress())
    step(follower, NOW_MS + 100)
    assert len(follower.progress.seen) == 49
    step(follower, NOW_MS + 2 * LATE_MS)
    assert follower.progress.seen == set()
    assert step(follower, NOW_MS + 3 * LATE_MS) == []


def test_a_long_past_is_taken_in_pieces_that_miss_nothing_and_keep_little():
    calls = [a_call(n, at_ms=NOW_MS + n * 1_000, attempts=({},)) for n in range(1, 101)]
    follower = Follower(a_trail(*calls)[1], Progress())
    found = []
    while not follower.caught_up:
        found += step(follower, NOW_MS + 10 * LATE_MS, most=7)
        assert len(follower.progress.seen) <= 7
    assert [number for number, *_ in found] == [call.opening.id for call in calls]


def test_a_call_whose_process_died_is_over_after_a_while():
    left = a_call(1, closing="", attempts=({"state": "settled"},))
    assert not is_over(left, NOW_MS + GONE_MS)
    assert is_over(left, NOW_MS + GONE_MS + 1)
    assert not is_over(a_call(1, closing="", attempts=({"state": "unknown"},)), NOW_MS + 10 * GONE_MS)


def test_a_call_that_is_gone_from_the_records_is_forgotten():
    call = a_call(1, closing="", attempts=({"state": "held"},))
    records, trail = a_trail(call)
    follower = Follower(trail, Progress())
    step(follower)
    records._calls.clear()
    assert step(follower) == []
    assert follower.progress.open == {}


def test_a_new_follower_begins_now():
    assert step(Follower(a_trail(a_call(1, attempts=({},)))[1], since(LATER_MS))) == []
    assert floor(EPOCH_MS - 1) == 0


def test_any_order_of_arrival_and_any_restarts_give_each_attempt_and_call_exactly_once():
    dice = random.Random(7)
    for _ in range(30):
        whole = {n: a_call(n, at_ms=NOW_MS + n, attempts=({},) * dice.randint(0, 3)) for n in range(1, 20)}
        opened = {n: a_call(n, at_ms=NOW_MS + n, closing="", attempts=({"state": "held"},)) for n in whole}
        steps = [*whole.items(), *(pair for pair in opened.items() if whole[pair[0]].attempts)]
        dice.shuffle(steps)
        records, trail = a_trail()
        progress, ended, over = Progress(), {}, []
        done = set()
        for n, call in [*steps, *whole.items()]:
            if n not in done:
                records.put(call)
            if call is whole[n]:
                done.add(n)
            if dice.random() < 0.5:
                progress = msgspec.json.decode(msgspec.json.encode(progress), type=Progress)
            follower = Follower(trail, progress)
            for found in follower.news(NOW_MS + 5_000):
                number = found.call.opening.id
                ended[number] = ended.get(number, 0) + len(found.ended)
                over += [number] if found.over else []
        assert sorted(over) == sorted(call.opening.id for call in whole.values())
        assert {number: count for number, count in ended.items() if count} == {
            call.opening.id: len(call.attempts) for call in whole.values() if call.attempts
        }
