"""Limits as values: which values count apart, and what their refusals say."""

import pytest

from farthing.guard.limit import WINDOWS_MS, Limit, Limited, NeverFits, Rate

PER_USER = Limit(match=(("team", "a"), ("user", "*")), requests=60, tokens=1, concurrency=10)


def test_only_labels_with_a_pattern_are_counted_apart():
    assert PER_USER.apart == ("user",)
    assert PER_USER.values({"team": "a", "user": "ann"}) == ("ann",)
    assert Limit(match=(("team", "a"),)).values({"team": "a"}) == ()


@pytest.mark.parametrize(("per", "window_ms"), WINDOWS_MS.items())
def test_each_window_has_its_length(per, window_ms):
    assert Limit(per=per).window_ms == window_ms


def test_a_limit_is_told_for_the_values_it_counts():
    assert PER_USER.words(Rate.REQUESTS, ("ann",)) == "60 requests per minute for team a, user ann"
    assert PER_USER.words(Rate.TOKENS, ("(other)",)) == "1 token per minute for team a, user (other)"
    assert PER_USER.words(Rate.CONCURRENCY) == "10 calls at once for team a, user *"
    assert Limit(concurrency=1).words(Rate.CONCURRENCY) == "1 call at once"


def test_a_refusal_says_what_is_used_and_when_to_come_back():
    refusal = Limited(
        limit=PER_USER, values=("ann",), rate=Rate.REQUESTS, used=60, needed=1, allowed=60, retry_after_ms=1_001
    )
    assert "60 requests per minute for team a, user ann is reached" in refusal.message
    assert "Try again in 2 s" in refusal.message


def test_a_call_that_can_never_fit_is_not_told_to_come_back():
    refusal = NeverFits(limit=PER_USER, values=("ann",), rate=Rate.TOKENS, needed=5, allowed=1)
    assert "needs 5 tokens" in refusal.message
    assert "never fit" in refusal.message
    assert "again" not in refusal.message
