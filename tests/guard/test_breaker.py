"""The circuit breaker: when it opens, for how long, who may try, and that a lost probe does not jam it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.guard.breaker import (
    CLOSED,
    THROUGH,
    Barred,
    Breakers,
    Closed,
    HalfOpen,
    Open,
    Rules,
    Through,
    ask,
    give_back,
    succeed,
    trip,
)

RULES = Rules(open_for_ms=100, growth=2, most_ms=350, forget_ms=1_000)
ME, YOU = ("me",), ("you",)


def test_a_closed_breaker_lets_all_calls_through():
    assert ask(CLOSED, RULES, 0) == (CLOSED, THROUGH)


def test_an_open_breaker_bars_until_its_time_is_over_and_says_why():
    opened = trip(CLOSED, RULES, 1_000, "errors")
    assert ask(opened, RULES, 1_099) == (opened, Barred(1_100, "errors"))
    state, answer = ask(opened, RULES, 1_100)
    assert isinstance(state, HalfOpen)
    assert answer == Through(probe=True)


def test_half_open_lets_one_call_through_at_a_time():
    state, _ = ask(trip(CLOSED, RULES, 1_000, "x"), RULES, 1_100)
    assert ask(state, RULES, 1_101)[1] == Barred(1_200, "x")


def test_a_probe_nobody_answers_for_is_given_up():
    state, _ = ask(trip(CLOSED, RULES, 1_000, "x"), RULES, 1_100)
    assert ask(state, RULES, 1_199)[1] == Barred(1_200, "x")
    assert ask(state, RULES, 1_200)[1] == Through(probe=True)


def test_a_probe_that_told_nothing_is_followed_by_another():
    state, _ = ask(trip(CLOSED, RULES, 1_000, "x"), RULES, 1_100)
    assert ask(give_back(state), RULES, 1_101)[1] == Through(probe=True)
    assert give_back(CLOSED) is CLOSED


def test_a_good_probe_closes_and_success_changes_nothing_anywhere_else():
    opened = trip(CLOSED, RULES, 1_000, "x")
    assert succeed(opened, 1_050) is opened
    assert succeed(CLOSED, 1_050) is CLOSED
    state, _ = ask(opened, RULES, 1_100)
    assert succeed(state, 1_150) == Closed(trips=1, since_ms=1_150)


def test_each_time_it_opens_again_it_stays_open_longer_up_to_a_most():
    state, now_ms, lengths = CLOSED, 5_000, []
    for _ in range(4):
        state = trip(state, RULES, now_ms, "x")
        assert isinstance(state, Open)
        lengths.append(state.until_ms - now_ms)
        now_ms = state.until_ms
        state, _ = ask(state, RULES, now_ms)
    assert lengths == [100, 200, 350, 350]


def test_growth_is_forgotten_when_it_has_been_closed_for_long():
    soon = trip(Closed(trips=3, since_ms=0), RULES, 999, "x")
    late = trip(Closed(trips=3, since_ms=0), RULES, 1_000, "x")
    assert (soon.trips, late.trips) == (4, 1)


def test_tripping_an_open_breaker_does_not_prolong_it():
    opened = trip(CLOSED, RULES, 0, "x")
    assert trip(opened, RULES, 50, "y") is opened


@pytest.mark.parametrize("now_ms", [1, 10**15])
def test_without_a_time_it_stays_open_until_somebody_resets_it(now_ms):
    opened = trip(CLOSED, Rules(open_for_ms=None), 0, "loop")
    assert ask(opened, Rules(open_for_ms=None), now_ms)[1] == Barred(None, "loop")


@given(st.integers(1, 10_000))
def test_however_often_it_tripped_its_time_is_bounded(trips):
    assert 100 <= RULES.open_ms(trips) <= 350


EVENTS = st.lists(
    st.tuples(st.integers(0, 150), st.sampled_from(["ask", "trip", "succeed", "give_back", "reset"])), max_size=60
)


@given(EVENTS)
def test_never_two_probes_at_once_and_never_a_call_while_open(events):
    breakers, now_ms, probe_until = Breakers(RULES), 0, None
    for step, what in events:
        now_ms += step
        before = breakers.get(ME)
        if what == "ask":
            answer = breakers.ask(ME, now_ms)
            if isinstance(before, Open) and now_ms < before.until_ms:
                assert isinstance(answer, Barred)
            if answer == Through(probe=True):
                assert probe_until is None or now_ms >= probe_until
                probe_until = breakers.get(ME).probe_until_ms
            if isinstance(before, Closed):
                assert answer == THROUGH
        else:
            if what == "trip":
                breakers.trip(ME, now_ms, "x")
            elif what == "succeed":
                breakers.succeed(ME, now_ms)
            elif what == "give_back":
                breakers.give_back(ME)
            else:
                breakers.reset(ME)
            probe_until = None


def test_subjects_have_their_own_breakers():
    breakers = Breakers(RULES)
    breakers.trip(ME, 0, "x")
    assert isinstance(breakers.ask(ME, 1), Barred)
    assert breakers.ask(YOU, 1) is THROUGH
    assert [subject for subject, _ in breakers.not_closed()] == [ME]


def test_a_reset_closes_and_forgets():
    breakers = Breakers(RULES)
    breakers.trip(ME, 0, "x")
    assert breakers.reset(ME)
    assert not breakers.reset(ME)
    assert breakers.trip(ME, 1, "x").trips == 1


def test_those_that_never_tripped_take_no_room():
    breakers = Breakers(RULES)
    for n in range(100):
        breakers.ask((str(n),), n)
        breakers.succeed((str(n),), n)
        breakers.give_back((str(n),))
    assert len(breakers) == 0


def test_beyond_the_most_a_closed_one_is_forgotten_before_an_open_one():
    breakers = Breakers(RULES, most=2)
    breakers.trip(ME, 0, "x")
    breakers.trip(YOU, 0, "x")
    breakers.ask(YOU, 100)
    breakers.succeed(YOU, 101)
    breakers.trip(("third",), 102, "x")
    assert isinstance(breakers.get(ME), Open)
    assert breakers.get(YOU) is CLOSED
    breakers.trip(("fourth",), 103, "x")
    assert breakers.get(ME) is CLOSED
    assert len(breakers) == 2
