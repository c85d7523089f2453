"""Costs beside models of runs that are summed, that are not, and that are in part."""

import pytest

from farthing.domain.usage import Usage
from farthing.ports.outcomes import OtherCost
from support.pasts import EVER, HOUR_MS, Pair

BYS = ((), ("team",), ("run", "hour"), ("user", "day"), ("key", "month", "team"))


@pytest.fixture
def past():
    pair = Pair()
    yield pair
    pair.close()


def called(past, run, **labels):
    attempt = past.attempt(past.open_call(labels=(("run", run), *labels.items()), key="bot"))
    past.settle(past.settlement(attempt, Usage(input_tokens=100)), "paid")


def booked(past, run, nanos, kind="search"):
    past.book(OtherCost(run=run, at_ms=past.clock.now_ms, kind=kind, nanos=nanos, by="ada"))


def summed_up(past):
    past.pass_time(3 * HOUR_MS)
    past.durable()
    while past.fast.sum_up():
        continue


def test_groups_are_the_same_whether_runs_are_summed_new_or_both(past):
    called(past, "old", team="a", user="u1")
    called(past, "both", team="a", user="u2")
    for run in ("old", "both", "silent"):
        booked(past, run, 5)
    summed_up(past)
    called(past, "both", team="b", user="u1")
    called(past, "new", team="b", user="u2")
    for run in ("old", "both", "new", "silent"):
        booked(past, run, 7, "tool")
    past.durable()
    for by in BYS:
        found = past.fast.other_costs(by=by, **EVER)
        assert found == past.slow.other_costs(by=by, **EVER)
        assert sum(row.nanos for row in found) == 3 * 5 + 4 * 7
    by_team = {(row.group, row.kind): row.nanos for row in past.fast.other_costs(by=("team",), **EVER)}
    assert by_team[("a",), "tool"] == 14
    assert by_team[("b",), "tool"] == by_team[("",), "tool"] == 7


def test_a_label_of_many_values_is_found_for_runs_that_are_summed(past):
    users = [f"u{number:03d}" for number in range(120)]
    for user in users:
        called(past, f"run of {user}", user=user)
        booked(past, f"run of {user}", 1)
    summed_up(past)
    assert {row.group for row in past.fast.other_costs(by=("user",), **EVER)} == {(user,) for user in users}
    (one,) = past.fast.other_costs(by=("run",), where=(("user", "u119"),), **EVER)
    assert (one.group, one.nanos) == (("run of u119",), 1)


def test_times_to_the_millisecond_are_kept_within_a_day(past):
    at_ms = past.clock.now_ms
    for late_ms in (0, 1, 2, 3):
        past.clock.now_ms = at_ms + late_ms
        booked(past, "r", 1)
    past.durable()
    (row,) = past.fast.other_costs(by=("day",), since_ms=at_ms + 1, until_ms=at_ms + 3)
    assert (row.bookings, row.nanos) == (2, 2)
