"""Wrong keys at the login."""

from farthing.dashboard.attempts import MOST, PATIENCE, Attempts


def test_after_a_few_wrong_keys_a_visitor_is_not_heard_for_a_minute():
    attempts = Attempts()
    for number in range(PATIENCE):
        assert not attempts.exhausted(1_000 + number, "10.0.0.7")
        attempts.failed(1_000 + number, "10.0.0.7")
    assert attempts.exhausted(2_000, "10.0.0.7")
    assert attempts.exhausted(60_999, "10.0.0.7")
    assert not attempts.exhausted(61_000 + PATIENCE, "10.0.0.7")


def test_who_tries_keys_shuts_out_nobody_else():
    attempts = Attempts()
    for _ in range(PATIENCE):
        attempts.failed(1_000, "10.0.0.7")
    assert not attempts.exhausted(1_001, "10.0.0.8")


def test_more_than_can_be_remembered_is_too_many_from_everybody():
    attempts = Attempts()
    for number in range(MOST):
        attempts.failed(1_000, f"10.0.{number % 256}.{number // 256}")
    assert attempts.exhausted(1_001, "10.9.9.9")
    assert not attempts.exhausted(61_000, "10.9.9.9")
