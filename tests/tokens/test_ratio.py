"""Learned ratios: the exact highest of the last thousand calls of a model, ten percent more, and silence before that."""

from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from farthing.tokens.ratio import ENOUGH, MOST_MODELS, SHORTEST, WINDOW, Ratios, Served

M = ("p", "m")
CALLS = st.lists(st.tuples(st.integers(SHORTEST, 10**7), st.integers(1, 10**7)), min_size=ENOUGH, max_size=60)


def taught(calls: list[tuple[int, int]], model: Served = M) -> Ratios:
    ratios = Ratios()
    for text_bytes, tokens in calls:
        ratios.learn(model, text_bytes, tokens)
    return ratios


def test_nothing_is_said_before_enough_was_seen():
    calls = [(10_000, 2_500)] * ENOUGH
    assert taught(calls[:-1]).bound(M, 1_000) is None
    assert taught(calls).bound(M, 1_000) == 275
    assert taught(calls).bound(("p", "another"), 1_000) is None


@given(CALLS, st.integers(0, 10**8))
def test_the_bound_is_the_highest_ratio_and_a_tenth_exactly(calls, size):
    highest = max(Fraction(tokens, text_bytes) for text_bytes, tokens in calls)
    assert taught(calls).bound(M, size) == ceil(size * highest * Fraction(11, 10))


@given(CALLS)
def test_every_call_that_was_seen_would_have_been_bounded(calls):
    ratios = taught(calls)
    assert all(ratios.bound(M, text_bytes) >= tokens for text_bytes, tokens in calls)


def test_a_high_ratio_is_forgotten_after_a_thousand_calls():
    ratios = taught([(10_000, 10_000)] + [(10_000, 1_000)] * (WINDOW - 1))
    assert ratios.bound(M, 1_000) == 1_100
    ratios.learn(M, 10_000, 1_000)
    assert ratios.bound(M, 1_000) == 110


@given(st.randoms(use_true_random=False), st.integers(1, 200))
def test_only_the_last_thousand_calls_count(random, more):
    tokens = [random.randint(1, 50) for _ in range(WINDOW + more)]
    ratios = taught([(SHORTEST, each) for each in tokens])
    assert ratios.bound(M, SHORTEST * 10) == 11 * max(tokens[-WINDOW:])


def test_short_and_empty_calls_teach_nothing():
    assert taught([(SHORTEST - 1, 900)] * 100).bound(M, 1_000) is None
    assert taught([(SHORTEST, 0)] * 100).bound(M, 1_000) is None


def test_what_is_kept_of_a_model_does_not_grow_with_its_calls():
    ratios = taught([(SHORTEST + number, 5_000) for number in range(3_000)])
    assert len(ratios._models[M].falling) <= WINDOW


def test_models_are_forgotten_in_the_order_in_which_they_last_learned():
    ratios = taught([(10_000, 1_000)] * ENOUGH, ("p", "kept"))
    for number in range(MOST_MODELS):
        ratios.learn(("p", f"m{number}"), 10_000, 1_000)
        ratios.learn(("p", "kept"), 10_000, 1_000)
    assert len(ratios._models) == MOST_MODELS
    assert ratios.bound(("p", "kept"), 100) == 11
    assert ("p", "m0") not in ratios._models


def test_the_same_name_at_another_provider_is_another_model():
    assert taught([(10_000, 1_000)] * ENOUGH).bound(("elsewhere", "m"), 1_000) is None


def test_models_that_learn_in_turn_learn_each_for_itself():
    ratios = Ratios()
    for _ in range(ENOUGH):
        ratios.learn(("p", "thin"), 10_000, 1_000)
        ratios.learn(("p", "thick"), 10_000, 5_000)
        ratios.learn(("p", "thick"), 10_000, 5_000)
    assert (ratios.bound(("p", "thin"), 1_000), ratios.bound(("p", "thick"), 1_000)) == (110, 550)
