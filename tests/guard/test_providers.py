"""Provider health: what counts, when a breaker opens, and what its probe decides."""

import pytest

from farthing.guard.breaker import Barred, Closed, HalfOpen, Open, Rules, Through
from farthing.guard.providers import FAILURES, MOST_TALLIES, Health, HealthRules, Outcome, Providers, outcome_of

RULES = HealthRules(minimum=10, slow_ms=1_000, breaker=Rules(open_for_ms=5_000))
HERE = ("openai", "gpt-4o")


def told(providers: Providers, outcome: Outcome, times: int, now_ms: int = 1_000, latency_ms: int = 100):
    changes = [
        providers.observe(*HERE, outcome, now_ms=now_ms, latency_ms=latency_ms, probe=False) for _ in range(times)
    ]
    return [change for change in changes if change is not None]


def half_open() -> Providers:
    providers = Providers(RULES)
    told(providers, Outcome.SERVER_ERROR, 10)
    assert providers.allows(*HERE, 6_000) == Through(probe=True)
    return providers


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.FINE),
        (400, Outcome.CALLERS_FAULT),
        (401, Outcome.CALLERS_FAULT),
        (404, Outcome.CALLERS_FAULT),
        (408, Outcome.TIMED_OUT),
        (429, Outcome.OVERLOADED),
        (500, Outcome.SERVER_ERROR),
        (503, Outcome.SERVER_ERROR),
        (504, Outcome.TIMED_OUT),
        (529, Outcome.OVERLOADED),
    ],
)
def test_a_status_tells_whose_fault_it_is(status, outcome):
    assert outcome_of(status) is outcome


@pytest.mark.parametrize("outcome", sorted(FAILURES))
def test_every_kind_of_failure_opens_the_breaker_and_says_so_once(outcome):
    providers = Providers(RULES)
    (opened,) = told(providers, outcome, 10)
    assert isinstance(opened, Open)
    assert opened.why == "openai/gpt-4o: 10 of 10 calls in 60 s failed"
    assert providers.allows(*HERE, 1_001) == Barred(6_000, opened.why)
    assert told(providers, outcome, 5) == []


@pytest.mark.parametrize("outcome", [Outcome.FINE, Outcome.CALLERS_FAULT, Outcome.NOTHING])
def test_what_is_not_the_providers_fault_never_opens_it(outcome):
    providers = Providers(RULES)
    assert told(providers, outcome, 500) == []
    assert providers.allows(*HERE, 1_000) == Through()


def test_nothing_is_said_before_there_are_enough_calls():
    providers = Providers(RULES)
    assert told(providers, Outcome.TIMED_OUT, 9) == []
    assert providers.allows(*HERE, 1_000) == Through()


def test_the_rate_is_of_all_calls_in_the_window():
    providers = Providers(RULES)
    told(providers, Outcome.FINE, 20)
    assert told(providers, Outcome.SERVER_ERROR, 19) == []
    assert len(told(providers, Outcome.SERVER_ERROR, 1)) == 1


def test_calls_that_tell_nothing_are_not_in_the_rate():
    providers = Providers(RULES)
    told(providers, Outcome.NOTHING, 100)
    assert providers.health(*HERE, 1_000) == Health()


def test_what_left_the_window_is_forgotten():
    providers = Providers(RULES)
    told(providers, Outcome.SERVER_ERROR, 9, now_ms=0)
    assert told(providers, Outcome.SERVER_ERROR, 9, now_ms=60_000) == []
    assert providers.health(*HERE, 60_000).calls == 9


def test_slow_answers_open_it_too():
    providers = Providers(RULES)
    told(providers, Outcome.FINE, 2, latency_ms=1_000)
    assert told(providers, Outcome.FINE, 7, latency_ms=1_001) == []
    (opened,) = told(providers, Outcome.FINE, 1, latency_ms=1_001)
    assert opened.why == "openai/gpt-4o: 8 of 10 calls in 60 s took longer than 1 s"


def test_models_of_one_provider_are_judged_apart():
    providers = Providers(RULES)
    told(providers, Outcome.SERVER_ERROR, 10)
    assert providers.allows("openai", "gpt-4o-mini", 1_000) == Through()


def test_a_good_probe_closes_it_and_its_past_is_forgotten():
    providers = half_open()
    closed = providers.observe(*HERE, Outcome.FINE, now_ms=6_100, probe=True)
    assert isinstance(closed, Closed)
    assert providers.allows(*HERE, 6_100) == Through()
    assert told(providers, Outcome.SERVER_ERROR, 9, now_ms=6_101) == []


def test_a_probe_that_the_provider_says_no_to_shows_that_it_is_there():
    assert isinstance(half_open().observe(*HERE, Outcome.CALLERS_FAULT, now_ms=6_100, probe=True), Closed)


def test_a_bad_probe_opens_it_for_longer():
    providers = half_open()
    opened = providers.observe(*HERE, Outcome.TIMED_OUT, now_ms=6_100, probe=True)
    assert (opened.trips, opened.until_ms) == (2, 16_100)
    assert "openai/gpt-4o" in opened.why


def test_a_probe_that_was_never_sent_is_followed_by_another():
    providers = half_open()
    assert isinstance(providers.allows(*HERE, 6_001), Barred)
    assert isinstance(providers.observe(*HERE, Outcome.NOTHING, now_ms=6_002, probe=True), HalfOpen)
    assert providers.allows(*HERE, 6_003) == Through(probe=True)


def test_calls_that_left_before_it_opened_decide_nothing_when_they_return():
    providers = half_open()
    assert told(providers, Outcome.FINE, 50, now_ms=6_001) == []
    assert told(providers, Outcome.SERVER_ERROR, 50, now_ms=6_001) == []
    assert isinstance(providers.breakers.get(HERE), HalfOpen)


def test_a_person_may_reset_it():
    providers = Providers(RULES)
    told(providers, Outcome.SERVER_ERROR, 10)
    assert providers.breakers.reset(HERE)
    assert providers.allows(*HERE, 1_000) == Through()


def test_the_mean_latency_is_of_calls_that_did_not_fail():
    providers = Providers(RULES)
    told(providers, Outcome.FINE, 1, latency_ms=100)
    told(providers, Outcome.FINE, 1, latency_ms=201)
    told(providers, Outcome.TIMED_OUT, 1, latency_ms=90_000)
    assert providers.health(*HERE, 1_000) == Health(calls=3, failed=1, slow=0, latency_ms=150)


def test_time_that_goes_back_does_not_close_it():
    providers = Providers(RULES)
    told(providers, Outcome.SERVER_ERROR, 10, now_ms=100_000)
    assert isinstance(providers.allows(*HERE, 0), Barred)


def test_invented_models_do_not_fill_the_memory():
    providers = Providers(RULES)
    for n in range(MOST_TALLIES + 100):
        providers.observe("openai", f"m{n}", Outcome.SERVER_ERROR, now_ms=0)
    assert len(providers) == MOST_TALLIES


def test_what_is_forgotten_is_not_watched():
    providers = Providers()
    providers.observe("p", "m", Outcome.SERVER_ERROR, now_ms=0)
    assert providers.watches("p", "m")
    providers.forget("p", "m")
    providers.forget("p", "m")
    assert not providers.watches("p", "m")
