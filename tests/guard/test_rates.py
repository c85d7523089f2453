"""Rate limits: never more than the limit in any window, never a false refusal, all limits or none, bounded, leak-proof."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.guard import rates as subject
from farthing.guard.limit import Limit, Limited, NeverFits, Rate
from farthing.guard.rates import UNLIMITED, Rates, Ticket

SECOND = 1_000
PER_USER = Limit(match=(("user", "*"),), requests=2, per="second")


def who(**labels: str):
    return tuple(sorted(labels.items()))


ANN, BOB = who(user="ann"), who(user="bob")


def admitted(rates: Rates, labels=(), *, at: int, tokens: int = 0, **more) -> Ticket:
    answer = rates.admit(labels, now_ms=at, tokens=tokens, **more)
    assert isinstance(answer, Ticket)
    return answer


def refused(rates: Rates, labels=(), *, at: int, tokens: int = 0, **more) -> Limited:
    answer = rates.admit(labels, now_ms=at, tokens=tokens, **more)
    assert isinstance(answer, Limited)
    return answer


def used(rates: Rates, at: int) -> list[tuple]:
    return [(it.values, it.requests, it.tokens, it.running) for it in rates.standings(now_ms=at)]


def test_a_call_that_no_limit_matches_goes_and_ending_it_is_nothing():
    rates = Rates((PER_USER,))
    ticket = admitted(rates, who(team="a"), at=0)
    assert ticket is UNLIMITED
    rates.finish(ticket, now_ms=5, tokens=5)
    rates.withdraw(ticket)
    assert len(rates) == 0


def test_each_value_of_a_pattern_is_counted_apart():
    rates = Rates((PER_USER,))
    for at in (0, 1):
        admitted(rates, ANN, at=at)
    assert refused(rates, ANN, at=2).values == ("ann",)
    admitted(rates, BOB, at=2)


def test_a_literal_match_is_one_count_for_all_its_calls():
    rates = Rates((Limit(match=(("team", "a"),), requests=1),))
    admitted(rates, who(team="a", user="ann"), at=0)
    refused(rates, who(team="a", user="bob"), at=0)
    admitted(rates, who(team="b"), at=0)


def test_several_limits_count_a_call_on_all_of_them_or_on_none():
    rates = Rates((PER_USER, Limit(requests=3, tokens=100, per="second")))
    kept = admitted(rates, ANN, at=0, tokens=90)
    refusal = refused(rates, ANN, at=1, tokens=11)
    assert (refusal.rate, refusal.used, refusal.needed, refusal.allowed) == (Rate.TOKENS, 90, 11, 100)
    assert used(rates, 1) == [(("ann",), 1, 90, 1), ((), 1, 90, 1)]
    rates.finish(kept, now_ms=2)


def test_of_several_limits_that_refuse_the_one_that_opens_last_is_told():
    rates = Rates((Limit(requests=1, per="second"), Limit(requests=1, per="minute"), Limit(requests=1, per="second")))
    admitted(rates, at=0)
    refusal = refused(rates, at=400)
    assert refusal.limit.per == "minute"
    assert refusal.retry_after_ms == 59_600


def test_tokens_are_held_as_estimated_and_corrected_when_known():
    rates = Rates((Limit(tokens=100, per="second"),))
    ticket = admitted(rates, at=0, tokens=80)
    refused(rates, at=1, tokens=30)
    rates.finish(ticket, now_ms=2, tokens=70)
    admitted(rates, at=3, tokens=30)


def test_unknown_tokens_stay_counted_as_estimated():
    rates = Rates((Limit(tokens=100, per="second"),))
    rates.finish(admitted(rates, at=0, tokens=80), now_ms=1)
    assert used(rates, 2) == [((), 1, 80, 0)]


def test_a_call_that_used_more_than_its_bound_keeps_others_out_until_it_has_left():
    rates = Rates((Limit(tokens=100, per="second"),))
    rates.finish(admitted(rates, at=0, tokens=80), now_ms=1, tokens=500)
    refusal = refused(rates, at=2, tokens=1)
    assert (refusal.used, refusal.retry_after_ms) == (500, 998)
    admitted(rates, at=1_000, tokens=100)


def test_finishing_twice_changes_nothing():
    rates = Rates((Limit(tokens=100, concurrency=2, per="second"),))
    one, _other = admitted(rates, at=0, tokens=10), admitted(rates, at=0, tokens=10)
    for _ in range(3):
        rates.finish(one, now_ms=1, tokens=5)
        rates.withdraw(one)
    assert used(rates, 2) == [((), 2, 15, 1)]


def test_a_call_that_was_never_sent_is_as_if_it_had_not_been():
    rates = Rates((Limit(requests=1, tokens=10, concurrency=1),))
    ticket = admitted(rates, at=0, tokens=10)
    rates.withdraw(ticket)
    rates.withdraw(ticket)
    assert used(rates, 0) == [((), 0, 0, 0)]
    admitted(rates, at=0, tokens=10)


def test_what_is_withdrawn_leaves_other_calls_of_the_same_moment_counted():
    rates = Rates((Limit(requests=2, per="second"),))
    one, other = admitted(rates, at=0), admitted(rates, at=0)
    rates.withdraw(one)
    admitted(rates, at=1)
    assert isinstance(rates.admit((), now_ms=2), Limited)
    rates.finish(other, now_ms=3)


@pytest.mark.parametrize(
    ("limit", "tokens", "rate"),
    [
        (Limit(tokens=100), 101, Rate.TOKENS),
        (Limit(requests=0), 1, Rate.REQUESTS),
        (Limit(concurrency=0), 1, Rate.CONCURRENCY),
    ],
)
def test_a_call_larger_than_the_whole_limit_is_told_that_it_never_fits(limit, tokens, rate):
    answer = Rates((Limit(), limit)).admit((), now_ms=0, tokens=tokens)
    assert isinstance(answer, NeverFits)
    assert (answer.rate, answer.limit) == (rate, limit)


def test_a_lost_ticket_gives_back_its_slot_and_keeps_its_tokens():
    rates = Rates((Limit(tokens=100, concurrency=1),))
    ticket = admitted(rates, at=0, tokens=60)
    refused(rates, at=1, tokens=1)
    del ticket
    gc.collect()
    refusal = refused(rates, at=2, tokens=50)
    assert refusal.rate is Rate.TOKENS
    kept = admitted(rates, at=3, tokens=40)
    assert used(rates, 3) == [((), 2, 100, 1)]
    rates.finish(kept, now_ms=4)


def test_a_finished_ticket_that_is_dropped_gives_back_nothing_more():
    rates = Rates((Limit(concurrency=2),))
    kept = admitted(rates, at=0)
    ticket = admitted(rates, at=0)
    rates.finish(ticket, now_ms=1)
    del ticket
    gc.collect()
    assert used(rates, 2) == [((), 2, 0, 1)]
    rates.finish(kept, now_ms=3)


def test_time_that_goes_back_opens_nothing():
    rates = Rates((Limit(requests=1, per="second"),))
    admitted(rates, at=5_000)
    refused(rates, at=0)
    refused(rates, at=5_999)
    admitted(rates, at=6_000)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 3, 250, 333, 999, 1_000, 1_001]),
        st.sampled_from(["ann", "bob"]),
        st.integers(0, 12),
        st.sampled_from(["admit", "admit", "admit", "finish", "withdraw"]),
        st.integers(0, 12),
    ),
    max_size=60,
)
LIMITS = st.builds(
    Limit,
    match=st.sampled_from([(), (("user", "*"),), (("user", "ann"),)]),
    requests=st.none() | st.integers(1, 4),
    tokens=st.none() | st.integers(1, 20),
    concurrency=st.none() | st.integers(1, 3),
    per=st.just("second"),
)


class Model:
    """What a limit means, by brute force: every admitted call is kept for ever and all are looked at each time."""

    def __init__(self, limits):
        self.limits = limits
        self.calls = []  # [at, user, tokens, running, counts]

    def subject(self, limit, user):
        return [c for c in self.calls if c[4] and (not limit.match or c[1] == user)]

    def fits(self, at, user, tokens):
        for limit in self.limits:
            if limit.match == (("user", "ann"),) and user != "ann":
                continue
            calls = self.subject(limit, user)
            window = [c for c in calls if c[0] > at - SECOND]
            if limit.requests is not None and len(window) + 1 > limit.requests:
                return False
            if limit.tokens is not None and sum(c[2] for c in window) + tokens > limit.tokens:
                return False
            if limit.concurrency is not None and sum(c[3] for c in calls) + 1 > limit.concurrency:
                return False
        return True


@given(st.lists(LIMITS, min_size=1, max_size=3), OPERATIONS)
def test_calls_are_admitted_exactly_where_a_brute_force_count_of_every_window_has_room(limits, operations):
    rates, model, tickets, now_ms = Rates(tuple(limits)), Model(limits), [], 0
    for step, user, tokens, what, pick in operations:
        now_ms += step
        if what == "admit":
            answer = rates.admit(who(user=user), now_ms=now_ms, tokens=tokens)
            assert isinstance(answer, Ticket) == model.fits(now_ms, user, tokens)
            if isinstance(answer, Ticket):
                model.calls.append([now_ms, user, tokens, True, True])
                tickets.append((answer, model.calls[-1]))
        elif tickets:
            ticket, call = tickets.pop(pick % len(tickets))
            call[3] = False
            if what == "finish":
                rates.finish(ticket, now_ms=now_ms, tokens=pick)
                call[2] = pick
            else:
                rates.withdraw(ticket)
                call[4] = False
    for ticket, _ in tickets:
        rates.finish(ticket, now_ms=now_ms)


@given(st.lists(st.integers(0, 300) | st.integers(0, 4_500), min_size=1, max_size=12), st.integers(1, 40))
def test_callers_who_come_back_when_they_were_told_are_admitted_and_come_one_by_one(steps, crowd):
    rates, now_ms = Rates((Limit(requests=len(steps), per="minute"),)), 0
    for step in steps:
        now_ms += step
        rates.finish(admitted(rates, at=now_ms), now_ms=now_ms)
    told = [now_ms + refused(rates, at=now_ms).retry_after_ms for _ in range(min(crowd, len(steps)))]
    assert told == sorted(set(told))
    for at in told:
        rates.finish(admitted(rates, at=at), now_ms=at)


def test_each_who_was_told_a_time_waits_for_a_slot_of_their_own():
    rates = Rates((Limit(requests=3, per="minute"),))
    for at in (0, 20_000, 40_000):
        rates.finish(admitted(rates, at=at), now_ms=at)
    assert [refused(rates, at=50_000).retry_after_ms for _ in range(4)] == [10_000, 30_000, 50_000, 10_000]


def test_callers_who_need_tokens_are_told_apart_too():
    rates = Rates((Limit(tokens=100, per="minute"),))
    for at in (0, 20_000):
        rates.finish(admitted(rates, at=at, tokens=50), now_ms=at, tokens=50)
    assert [refused(rates, at=50_000, tokens=30).retry_after_ms for _ in range(3)] == [10_000, 30_000, 31_000]


HISTORIES = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 20)), min_size=1, max_size=40)


@given(HISTORIES, st.integers(1, 20))
def test_a_refused_call_fits_at_the_moment_it_was_told_and_not_a_millisecond_before(history, tokens):
    limit = Limit(requests=6, tokens=20, per="second")
    now_ms = sum(step for step, _ in history)
    rates = replayed(limit, history)
    answer = rates.admit((), now_ms=now_ms, tokens=tokens)
    if isinstance(answer, Limited):
        at = now_ms + answer.retry_after_ms
        assert isinstance(replayed(limit, history).admit((), now_ms=at - 1, tokens=tokens), Limited)
        assert isinstance(rates.admit((), now_ms=at, tokens=tokens), Ticket)


def replayed(limit: Limit, history) -> Rates:
    """Rates that have admitted what fits of a history, and promised nobody anything."""
    rates, now_ms, kept = Rates((limit,)), 0, []
    for step, size in history:
        now_ms += step
        window = [c for c in kept if c[0] > now_ms - SECOND]
        if len(window) < limit.requests and sum(c[1] for c in window) + size <= limit.tokens:
            kept.append((now_ms, size))
            rates.finish(admitted(rates, at=now_ms, tokens=size), now_ms=now_ms)
    return rates


def test_a_changed_limit_keeps_what_is_counted():
    rates = Rates((PER_USER,))
    for at in (0, 1):
        admitted(rates, ANN, at=at)
    rates.replace((Limit(requests=9), Limit(match=PER_USER.match, requests=3, per="second")))
    admitted(rates, ANN, at=2)
    refused(rates, ANN, at=3)
    rates.replace(())
    assert rates.admit(ANN, now_ms=4) is UNLIMITED


def test_two_limits_of_the_same_match_and_window_are_two():
    rates = Rates((Limit(requests=1), Limit(tokens=5)))
    admitted(rates, at=0, tokens=3)
    assert len(rates) == 2
    assert refused(rates, at=0, tokens=3).rate is Rate.REQUESTS


def test_a_key_makes_only_so_many_values_and_the_rest_share_one_count():
    rates = Rates((PER_USER,))
    for n in range(3):
        admitted(rates, who(user=f"u{n}"), at=0, key="k", max_values=3)
    for _ in range(2):
        admitted(rates, who(user="u3"), at=0, key="k", max_values=3)
    assert refused(rates, who(user="u4"), at=0, key="k", max_values=3).values == ("(other)",)
    admitted(rates, who(user="u5"), at=0, key="another", max_values=3)


def test_values_that_count_nothing_any_more_make_room_for_others():
    rates = Rates((PER_USER,))
    for n in range(3):
        rates.finish(admitted(rates, who(user=f"u{n}"), at=0, key="k", max_values=3), now_ms=0)
    admitted(rates, who(user="new"), at=2_000, key="k", max_values=3)
    assert len(rates) == 1
    assert [it.values for it in rates.standings(now_ms=2_000)] == [("new",)]


def test_idle_counters_are_forgotten():
    rates = Rates((PER_USER,))
    for n in range(20_000):
        rates.finish(admitted(rates, who(user=f"u{n}"), at=n), now_ms=n)
        assert len(rates) <= 4_096
    assert len(rates) >= 1_000


def test_beyond_the_most_counters_new_values_share_one(monkeypatch):
    monkeypatch.setattr(subject, "MOST_COUNTERS", 10)
    rates = Rates((PER_USER,))
    tickets = [rates.admit(who(user=f"u{n}"), now_ms=0) for n in range(20)]
    assert len(rates) == 11
    assert isinstance(tickets[-1], Limited)
    assert tickets[-1].values == ("(other)",)


def test_with_very_many_values_each_window_keeps_fewer_entries_and_still_never_admits_more(monkeypatch):
    monkeypatch.setattr(subject, "MOST_ENTRIES", 64)
    rates, passed = Rates((Limit(requests=200, per="minute"),)), []
    for at in range(0, 120_000, 100):
        answer = rates.admit((), now_ms=at)
        if isinstance(answer, Ticket):
            rates.finish(answer, now_ms=at)
            passed.append(at)
            assert sum(then > at - 60_000 for then in passed) <= 200
    (counter,) = rates._counters.values()
    assert len(counter._log) <= 130
    assert len(passed) > 380


def test_a_slot_in_use_is_never_forgotten_however_many_values_come():
    rates = Rates((Limit(match=(("user", "*"),), concurrency=1, per="second"),))
    mine = admitted(rates, ANN, at=0)
    for n in range(5_000):
        rates.finish(admitted(rates, who(user=f"u{n}"), at=n), now_ms=n)
    refused(rates, ANN, at=6_000)
    rates.finish(mine, now_ms=6_001)
    admitted(rates, ANN, at=6_002)


def test_asking_whether_a_call_fits_counts_and_promises_nothing():
    rates = Rates((Limit(requests=1),))
    assert all(rates.fits((), now_ms=0) for _ in range(3))
    rates.admit((), now_ms=0)
    assert not rates.fits((), now_ms=59_999)
    assert not rates.fits((), now_ms=59_999)
    assert rates.fits((), now_ms=60_000)
