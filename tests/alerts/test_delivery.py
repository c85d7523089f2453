"""When a delivery is tried again, and what it is called."""

import pytest

from farthing.alerts.delivery import FIRST_MS, GIVE_UP_MS, LONGEST_MS, key_of, next_ms


def test_the_pause_doubles_up_to_an_hour():
    pauses = [next_ms(attempt, 0, 0, 0.999_999) for attempt in range(1, 40)]
    assert pauses[0] == pytest.approx(FIRST_MS, abs=2)
    assert pauses[1] == pytest.approx(2 * FIRST_MS, abs=2)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_MS, abs=4)


def test_chance_moves_it_within_the_upper_half():
    assert next_ms(3, 0, 1_000, 0.0) == 1_000 + 10_000
    assert next_ms(3, 0, 1_000, 0.5) == 1_000 + 15_000


def test_after_three_days_it_is_given_up():
    assert next_ms(50, 0, GIVE_UP_MS - 1, 0.5) is not None
    assert next_ms(50, 0, GIVE_UP_MS, 0.5) is None


def test_the_key_is_the_same_at_every_attempt_and_another_one_for_every_alert_and_address():
    given = (7, 1_800_000_000_000, "budget > 80%", "abcd")
    assert key_of(*given) == key_of(*given)
    assert len(key_of(*given)) == 32
    others = {
        key_of(8, *given[1:]),
        key_of(7, 1, *given[2:]),
        key_of(*given[:2], "loop", "abcd"),
        key_of(*given[:3], ""),
    }
    assert len(others | {key_of(*given)}) == 5
