"""What a connection may take of us, unless told otherwise."""

from farthing.gateway.limits import WireLimits


def test_the_limits_that_the_server_under_us_lacks_are_there():
    limits = WireLimits()
    assert (limits.head_bytes, limits.headers, limits.head_seconds) == (32 * 1024, 100, 10.0)
    assert limits.idle_seconds > limits.head_seconds
    assert 0 < limits.linger_seconds < limits.head_seconds
