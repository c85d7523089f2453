"""A gateway in this process and a provider behind it, where runs meet faults one by one or all together."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from farthing.config.build import reload
from farthing.config.engine import wall_ms
from farthing.config.load import load
from farthing.guard.providers import Providers
from farthing.testing import SimulatedProvider, list_prices
from support import fault_world as world
from support.fault_words import STORM, Case, Layer, Policy
from support.fault_world import Outcome, Outcomes, Run, billed, call, left_by, six_runs, then, warm_up
from support.gateway import RunningGateway, running_gateway
from support.hasty import Seen, eventually

SECRET = "the-secret-of-the-callers-that-meet-faults"
KEYS = """
[[keys]]
name = "caller"
secret = "{secret}"
may_set = ["team", "run"]

[[keys]]
name = "other"
secret = "another-secret-that-keeps-the-door-locked"
"""
AUTUMN_MS = 1_792_882_800_000
"""2026-10-25T01:00+02:00, a day that has twenty-five hours in Amsterdam."""
DAILY = """
[[budgets]]
name = "daily"
limit = "100 USD"
window = "day"
tz = "Europe/Amsterdam"
"""
PATIENCE, HASTE = "20s", "0.6s"


class MovingClock:
    """Milliseconds since 1970: real time, and as far off as it was set."""

    def __init__(self, start_ms: int) -> None:
        self._off = start_ms - wall_ms()
        self.jumped_ms = 0

    def __call__(self) -> int:
        return wall_ms() + self._off + self.jumped_ms


class Stage:
    """What is running, and how runs meet a fault on it."""

    def __init__(self, gateway: RunningGateway, provider: SimulatedProvider, folder: Path, clock: MovingClock) -> None:
        self.gateway = gateway
        self.provider = provider
        self.folder = folder
        self.clock = clock

    @property
    def url(self) -> str:
        return self.gateway.url

    def meet_alone(self, case: Case, policy: Policy, *, streamed: bool, act: "Act") -> Outcome:
        """One run meets the fault."""
        (run,) = (run for run in _runs(case) if (run.policy, run.streamed) == (policy, streamed))
        return self._meet(case, (run,), lambda stage, its_case, runs: {run: act(stage, its_case, run)})[
            policy, streamed
        ]

    def meet_together(self, case: Case, act: "ActTogether") -> Outcomes:
        """Six runs meet the fault at one time: it happens to the whole gateway, or takes its time."""
        return self._meet(case, _runs(case), act)

    def _meet(self, case: Case, runs: tuple[Run, ...], act: "ActTogether") -> Outcomes:
        self.gateway.engine.health = Providers()  # each fault meets a gateway that still trusts its provider
        for run in runs:
            warm_up(self.url, run)
        self.provider.reset()
        seen = act(self, case, runs)
        eventually(self.quiet, "the provider has made up its bill, and nothing is held")
        records = self.gateway.engine.records
        left = {run: (left_by(records, run), billed(self.provider, run)) for run in runs}
        self.provider.reset()
        outcomes = {run: Outcome(run, seen[run], *left[run], then(self.url, run)) for run in runs}
        self._restore(case)
        return {(run.policy, run.streamed): outcome for run, outcome in outcomes.items()}

    def _restore(self, case: Case) -> None:
        """What one fault changed must not meet the next."""
        match case.layer:
            case Layer.CLOCK:
                self.clock.jumped_ms = 0
            case Layer.CHANGE:
                self.configure()
        for gate in self.gateway.engine.directory.load().gates:
            self.gateway.engine.directory.acknowledge(gate.name, "the next case")

    def configure(self, secret: str = SECRET, more: str = "", **limits: str) -> None:
        """Take up a configuration with keys, as SIGHUP would."""
        keys = KEYS.format(secret=secret)
        file = world.write_config(self.folder, self.provider.url, more=keys + more, **limits)
        taken = asyncio.run_coroutine_threadsafe(reload(self.gateway.engine, load(file, {})), self.gateway.loop)
        taken.result(10)

    def arrived(self, requests: int = 1) -> bool:
        """Whether so many requests have reached the provider since its bill was cleared."""
        return len(self.provider.bill) >= requests

    def quiet(self) -> bool:
        """Whether nothing is under way any more, and all that was said is on the disk."""
        running = any(entry.outcome == "running" for entry in self.provider.bill)
        flushed = asyncio.run_coroutine_threadsafe(self.gateway.engine.ledger.flush(), self.gateway.loop)
        written = flushed.exception(30) is None
        return not running and written and not any(each.held for each in self.gateway.engine.records.accounts("all"))


Act = Callable[[Stage, Case, Run], Seen]
ActTogether = Callable[[Stage, Case, tuple[Run, ...]], dict[Run, Seen]]


def _runs(case: Case) -> tuple[Run, ...]:
    """The runs for which the case has a ledger written."""
    secret = SECRET if case.layer is Layer.CHANGE else ""
    written = {False: case.whole is not None, True: case.streamed is not None}
    return tuple(run for run in six_runs(case.name, secret) if written[run.streamed])


def misbehaving_provider(stage: Stage, case: Case, run: Run) -> Seen:
    """The provider does what the case names to the run's call; in a storm, to each of several."""
    if case.inject == "refusing":
        with stage.provider.refusing():
            return call(stage.url, run)
    times = STORM if case.fault == "F28" else 1
    stage.provider.faults.push(*[case.inject] * times)
    seen = [call(stage.url, run) for _ in range(times)]
    assert len({each.status for each in seen}) == 1
    return seen[0]


@contextmanager
def stage(layer: Layer, folder: Path) -> Iterator[Stage]:
    """What this layer of faults needs, running."""
    more = {Layer.CHANGE: KEYS.format(secret=SECRET), Layer.CLOCK: DAILY}.get(layer, "")
    clock = MovingClock(AUTUMN_MS if layer is Layer.CLOCK else wall_ms())
    with world.provider(prices=list_prices(clock)).in_thread() as simulated:
        patience = HASTE if layer is Layer.PATIENCE else PATIENCE
        config = world.write_config(folder, simulated.url, patience=patience, more=more)
        with running_gateway(config, clock=clock) as gateway:
            yield Stage(gateway, simulated, folder, clock)
