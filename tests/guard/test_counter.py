"""One count: exact windows, coarse ones that never let more through, corrections, and promises."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.guard.counter import MOST_PROMISES, Counter
from farthing.guard.limit import Limit, Rate

SECOND = 1_000


def counter(**limits) -> Counter:
    return Counter(Limit(per="second", **limits), ())


def look(of: Counter, now_ms: int, tokens: int = 0) -> Rate | None:
    of.pass_time(now_ms - SECOND)
    return of.lacks(tokens)


def test_a_call_counts_until_exactly_one_window_later():
    one = counter(requests=1)
    one.add(5, 0)
    assert look(one, 1_004) is Rate.REQUESTS
    assert look(one, 1_005) is None


def test_what_lacks_is_named():
    full = counter(requests=2, tokens=10, concurrency=1)
    entry = full.add(0, 8)
    assert look(full, 1, tokens=3) is Rate.TOKENS
    assert look(full, 1, tokens=2) is Rate.CONCURRENCY
    full.leave(1)
    assert look(full, 1, tokens=2) is None
    full.add(1, 2)
    assert look(full, 2) is Rate.REQUESTS
    full.correct(entry, requests=-1)
    assert full.requests == 1


def test_what_left_the_window_is_not_corrected():
    of = counter(tokens=10)
    entry = of.add(0, 8)
    of.pass_time(0)
    of.correct(entry, tokens=100)
    assert of.tokens == 0


def test_a_correction_of_calls_of_one_moment_is_of_one_of_them():
    of = counter(tokens=10)
    one, other = of.add(0, 4), of.add(0, 4)
    of.correct(one, tokens=-3)
    assert of.tokens == 5
    of.correct(other, tokens=-4)
    of.pass_time(0)
    assert (of.requests, of.tokens) == (0, 0)


FINEST = 4
GRAIN = SECOND // FINEST + 1


@given(st.lists(st.integers(0, 400) | st.integers(0, 60), max_size=80), st.integers(1, 15))
def test_a_coarse_window_lets_never_more_through_and_holds_back_at_most_a_grain(steps, limit):
    of, now_ms, admitted = counter(requests=limit), 0, []
    for step in steps:
        now_ms += step
        if look(of, now_ms) is None:
            of.add(now_ms, 1, FINEST)
            admitted.append(now_ms)
            assert sum(at > now_ms - SECOND for at in admitted) <= limit
        else:
            assert sum(at > now_ms - SECOND - GRAIN for at in admitted) >= limit
        assert len(of._log) <= 2 * FINEST + 1


def test_a_grain_is_rounded_up_never_down():
    of = counter(requests=6)
    for now_ms in (0, 10, 20, 30, 300, 490):
        of.add(now_ms, 1, FINEST)
    assert look(of, 1_299) is None  # 0 to 30 are gone
    for now_ms in (1_299,) * 4:
        of.add(now_ms, 1, FINEST)
    assert look(of, 1_300) is Rate.REQUESTS  # 300 counts as 502, the grain it is in ends there
    assert look(of, 1_501) is Rate.REQUESTS
    assert look(of, 1_502) is None


def test_an_exact_window_of_many_calls_keeps_them_apart():
    of = counter(requests=3_000)
    for now_ms in range(900):
        of.add(now_ms, 1)
    assert len(of._log) == 900
    of.pass_time(449)
    assert of.requests == 450


def test_a_counter_is_idle_when_a_new_one_would_know_as_much():
    of = counter(requests=1, concurrency=1)
    assert of.idle(0)
    of.add(0, 0)
    assert not of.idle(999)
    assert not of.idle(1_000)  # still running
    of.leave(10)
    assert of.idle(1_000)
    of.add(1_000, 0)
    of.leave(10)
    of.promise(of.when(1_500, 0) + 500, 0)
    assert not of.idle(2_000)
    assert of.idle(2_500)


def test_those_who_were_told_a_time_are_expected_then():
    of = counter(requests=2)
    of.add(0, 0)
    of.add(300, 0)
    told = []
    for _ in range(2):
        told.append(of.when(500, 0))
        of.promise(told[-1], 0)
    assert told == [1_000, 1_500]  # 1,300 would fit; the limit's own pace spreads them


def test_after_a_burst_callers_are_told_to_come_one_by_one_and_after_a_window_of_them_from_the_front():
    of = counter(requests=4)
    for now_ms in range(4):
        of.add(now_ms, 0)
    told = []
    for _ in range(6):
        told.append(of.when(10, 0))
        of.promise(told[-1], 0)
    assert told == [1_000, 1_250, 1_500, 1_750, 1_000, 1_250]


def test_promises_are_bounded():
    of = Counter(Limit(requests=100_000, per="day"), ())
    for _ in range(100_000):
        of.add(0, 0)
    for _ in range(MOST_PROMISES + 10):
        of.promise(of.when(1, 0), 0)
    assert len(of._promised) == 10


def test_when_slots_are_busy_the_time_told_is_guessed_from_how_long_calls_take():
    of = counter(concurrency=2)
    for _ in range(200):
        of.add(0, 0)
        of.leave(40_000)
    of.add(0, 0)
    of.add(0, 0)
    assert 18_000 < of.when(0, 0) <= 20_000
