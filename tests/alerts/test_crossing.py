"""Once per crossing: hysteresis, windows, subjects that go, and rounds without data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.alerts.crossing import MOST_APART, change, judged, no_data
from farthing.alerts.when import parse
from farthing.ports.alerts import Fired

RULE = parse("budget > 80%")
FLOOR = parse("cache_hit_rate < 60%")


def share(percent, subject="all", window="w1", rule=RULE):
    return judged(rule, subject, percent * 10_000, window=window)


def told(subject="all", window="w1", alert=1):
    return Fired(subject=subject, window=window, alert=alert)


def test_it_fires_when_the_threshold_is_crossed_and_not_at_it():
    assert change([share(80)], []).tell == ()
    assert change([share(81)], []).tell == ((share(81),),)


def test_at_least_means_the_threshold_itself_too():
    rule = parse("budget >= 80%")
    assert change([share(80, rule=rule)], []).tell == ((share(80, rule=rule),),)


def test_it_is_not_told_twice_while_it_stays_beyond():
    assert change([share(99)], [told()]) == change([], [])


@pytest.mark.parametrize(("percent", "ready"), [(81, False), (80, False), (72, False), (71, True), (0, True)])
def test_it_is_ready_again_only_below_nine_tenths_of_the_threshold(percent, ready):
    assert change([share(percent)], [told()]).rearm == ((told(),) if ready else ())


@pytest.mark.parametrize(("percent", "ready"), [(59, False), (60, False), (66, False), (67, True), (100, True)])
def test_a_floor_is_ready_again_only_above_ten_ninths_of_it(percent, ready):
    assert change([share(percent, rule=FLOOR)], [told()]).rearm == ((told(),) if ready else ())


def test_a_floor_fires_below_it():
    assert change([share(60, rule=FLOOR)], []).tell == ()
    assert change([share(59, rule=FLOOR)], []).tell == ((share(59, rule=FLOOR),),)


def test_a_new_window_is_a_new_beginning():
    again = change([share(85, window="w2")], [told()])
    assert again.tell == ((share(85, window="w2"),),)
    assert again.rearm == (told(),)
    assert change([share(75, window="w2")], [told()]).rearm == (told(),)


def test_who_is_gone_may_fire_again():
    assert change([], [told()]).rearm == (told(),)


def test_without_data_nothing_changes():
    assert change([no_data("all", "nobody says")], [told()]) == change([], [])
    assert change([no_data("all", "nobody says")], []).tell == ()


def test_something_that_happened_is_calm_when_it_no_longer_does():
    event = parse("loop")
    once, never = judged(event, "run r1", 1), judged(event, "run r1", 0)
    assert change([once], []).tell == ((once,),)
    assert change([never], [told("run r1", window="")]).rearm == (told("run r1", window=""),)


def test_each_subject_has_an_alert_of_its_own_until_they_are_many():
    few = [share(81 + n, f"user {n}") for n in range(MOST_APART)]
    assert [len(alert) for alert in change(few, []).tell] == [1] * MOST_APART
    many = [*few, share(99, "user 99")]
    (together,) = change(many, []).tell
    assert [one.subject for one in together][:2] == ["user 99", "user 4"]
    assert len(together) == MOST_APART + 1


@given(st.lists(st.integers(0, 150), max_size=60))
def test_between_two_alerts_of_one_window_the_subject_was_always_calm(shares):
    fired, calm_since = [], True
    for percent in shares:
        reading = share(percent)
        changes = change([reading], fired)
        calm_since = calm_since or percent < 72
        if changes.tell:
            assert percent > 80
            assert calm_since, "told again without having been calm"
            calm_since = False
        fired = [one for one in fired if one not in changes.rearm] + [told()] * len(changes.tell)
        assert len(fired) <= 1
        assert fired or percent <= 80, "beyond the threshold, and nobody was told"
