"""A run's phase follows from its facts and the time."""

import msgspec
import pytest

from farthing.guard.run import LifeRules, Phase, Run

RULES = LifeRules(idle_after_ms=1_000, missed_beats=3)
FRESH = Run(name="r", started_ms=0)
CALLED = msgspec.structs.replace(FRESH, called_ms=100)


@pytest.mark.parametrize(
    ("run", "now_ms", "orphaned", "phase"),
    [
        (FRESH, 10**9, False, Phase.STARTED),
        (CALLED, 1_099, False, Phase.ACTIVE),
        (CALLED, 1_100, False, Phase.IDLE),
        (msgspec.structs.replace(CALLED, in_flight=1), 10**9, False, Phase.ACTIVE),
        (msgspec.structs.replace(CALLED, landed=("",)), 10**9, False, Phase.LANDED),
        (msgspec.structs.replace(CALLED, landed=("",)), 100, True, Phase.ORPHANED),
        (msgspec.structs.replace(CALLED, ended_ms=200), 200, True, Phase.ENDED),
    ],
)
def test_the_phase_of_a_run(run, now_ms, orphaned, phase):
    assert run.phase(RULES, now_ms, orphaned=orphaned) is phase


def test_a_run_is_silent_only_where_a_heartbeat_was_promised_and_several_are_missing():
    promised = msgspec.structs.replace(FRESH, beat_ms=50, beat_every_ms=100)
    assert not FRESH.silent(RULES, 10**9)
    assert not promised.silent(RULES, 350)
    assert promised.silent(RULES, 351)


def test_a_heartbeat_may_be_overdue_for_so_long_where_that_is_said():
    rules = LifeRules(orphan_after_ms=500)
    promised = msgspec.structs.replace(FRESH, beat_ms=50, beat_every_ms=100)
    assert not promised.silent(rules, 650)
    assert promised.silent(rules, 651)
