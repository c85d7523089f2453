"""What one dashboard remembers."""

from farthing.dashboard.house import House


def test_two_dashboards_in_one_process_share_nothing():
    one, other = House(), House()
    for _ in range(20):
        one.attempts.failed(1_000, "")
    assert one.attempts.exhausted(1_000, "")
    assert not other.attempts.exhausted(1_000, "")
    assert one.verifier is not other.verifier
