"""Faults that take their time, or happen while calls are in flight: an impatient gateway, a jumping clock, a new configuration."""

from collections.abc import Callable

from farthing.testing import Fault
from support.fault_gateway import Stage
from support.fault_words import Case
from support.fault_world import Run, at_once, call
from support.hasty import Seen, eventually

IN_FLIGHT_SECONDS = 0.4
DEARER = """
[[prices]]
model = "gpt-4o"
input = 25
output = 100

[[prices]]
model = "gpt-4o-mini"
input = 1.5
output = 6
"""
ANOTHER_SECRET = "a-new-secret-that-this-caller-does-not-know"


def slow_provider(stage: Stage, case: Case, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """The provider takes longer than the gateway waits."""
    stage.provider.faults.push(*[case.inject] * len(runs))
    return at_once(runs, lambda run: call(stage.url, run))


def in_flight(stage: Stage, runs: tuple[Run, ...], meanwhile: Callable[[], None]) -> dict[Run, Seen]:
    """Calls during which something happens, once they have all reached the provider."""
    stage.provider.faults.push(*[Fault(kind="latency", seconds=IN_FLIGHT_SECONDS)] * len(runs))

    def once_all_are_sent() -> None:
        eventually(lambda: stage.arrived(len(runs)), "all are under way")
        meanwhile()

    return at_once(runs, lambda run: call(stage.url, run), once_all_are_sent)


def moving_clock(stage: Stage, case: Case, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """The clock jumps, and what is due by the new time is looked for at once."""
    windows: list[set[str]] = []

    def jump() -> None:
        windows.extend(_windows(stage, run) for run in runs)
        stage.clock.jumped_ms = int(case.inject) * 1_000
        stage.gateway.engine.ledger.sweep_now()

    seen = in_flight(stage, runs, jump)
    assert windows == [_windows(stage, run) for run in runs], "it is paid in the windows in which it was reserved"
    return seen


def _windows(stage: Stage, run: Run) -> set[str]:
    """Of the accounts that the run's last call touches."""
    stage.gateway.flush()
    records = stage.gateway.engine.records
    (summary,) = records.recent(limit=1, run=run.name)
    (attempt,) = records.call(summary.id).attempts
    return {share.account.window for share in attempt.shares}


def new_configuration(stage: Stage, case: Case, runs: tuple[Run, ...]) -> dict[Run, Seen]:
    """The limit, the price or the key is another one when the answer comes."""
    changes: dict[str, Callable[[], None]] = {
        "limit": lambda: stage.configure(block="0.000001", soft="0.000001"),
        "price": lambda: stage.configure(more=DEARER),
        "key": lambda: stage.configure(secret=ANOTHER_SECRET),
    }
    return in_flight(stage, runs, changes[case.inject])
