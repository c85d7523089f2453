"""The defaults fit each other."""

from farthing.providers.limits import Limits, Timeouts


def test_no_phase_is_longer_than_the_whole():
    phases = Timeouts()
    parts = (phases.wait_seconds, phases.connect_seconds, phases.write_seconds, phases.first_byte_seconds)
    assert max(*parts, phases.idle_seconds) <= phases.total_seconds


def test_a_model_may_think_as_long_as_the_clients_wait_by_default():
    assert Timeouts().first_byte_seconds >= 600, "the openai and anthropic clients wait 600 s"


def test_connections_are_dropped_before_most_servers_drop_them():
    limits = Limits()
    assert limits.keep_seconds < 60
    assert limits.keep_seconds < limits.age_seconds
