"""Wrong keys at the login."""

from farthing.dashboard.attempts import PATIENCE, Attempts


def test_after_a_few_wrong_keys_nobody_is_heard_for_a_minute():
    attempts = Attempts()
    for number in range(PATIENCE):
        assert not attempts.exhausted(1_000 + number)
        attempts.failed(1_000 + number)
    assert attempts.exhausted(2_000)
    assert attempts.exhausted(60_999)
    assert not attempts.exhausted(61_000 + PATIENCE)
