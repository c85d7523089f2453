"""What the gateway costs beside nginx: CPU µs per request and added latency, whole answers and streams, and where it goes.

    python benchmarks/gateway.py [--seconds 1.5] [--rounds 5] [--only whole|stream] [--profile] [--json FILE]

Each round measures the mock alone, nginx `proxy_pass` and the gateway in turn, in alternating order, for every case.
The gateway (or nginx) has the second CPU for itself; load generator and mock share the first. README.md says how to
read the figures and how far to trust them.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import cpu
import programs
import tables
import workload
from programs import Cpus, Served
from tables import Case, Run

PACE_MS = 2
CASES = (
    Case("whole answers", "whole", 1),
    Case("whole answers", "whole", 64),
    Case(f"streams of 50 events, {PACE_MS} ms apart", "paced", 1),
    Case(f"streams of 50 events, {PACE_MS} ms apart", "paced", 64),
    Case("streams of 50 events, at once", "burst", 1),
    Case("streams of 50 events, at once", "burst", 64),
)


class Target(NamedTuple):
    """What requests are sent through."""

    name: str
    port: int
    pid: int
    """0: nothing of it is measured."""


class Bench:
    """Everything running, ready to be measured."""

    def __init__(self, folder: Path, cpus: Cpus, seconds: float, targets: tuple[Target, ...], served: Served) -> None:
        self.folder = folder
        self.cpus = cpus
        self.seconds = seconds
        self.targets = targets
        self.served = served
        self.requests = {kind: self._requests(kind) for kind in ("whole", "paced", "burst")}

    def _requests(self, kind: str) -> Path:
        body = workload.body(stream=kind != "whole")
        extra = f"x-pace-ms: {PACE_MS}\n" if kind == "paced" else ""
        every = (workload.request(user, body, extra) for user in range(workload.USERS))
        return workload.write_requests(self.folder / f"{kind}.requests", every)

    def rounds(self, cases: tuple[Case, ...], rounds: int, say: Callable[[str], None]) -> Iterator[Run]:
        """Every case through every target, `rounds` times; the first target is another one each round."""
        self._warm_up(cases)
        for number in range(rounds):
            turn = number % len(self.targets)
            for case in cases:
                say(f"round {number + 1} of {rounds}: {case.name}, {case.in_flight} in flight")
                for target in self.targets[turn:] + self.targets[:turn]:
                    yield self.run(case, target, number)

    def run(self, case: Case, target: Target, number: int) -> Run:
        """One target under one case, once."""
        speed = self._calibrate()
        commits = self.served.ask("figures")["commits"]
        before, worked, taken = cpu.threads(target.pid) if target.pid else {}, *cpu.busy(self.cpus.measured)
        found = programs.load(self.folder, target.port, case.in_flight, self.seconds, self.requests[case.kind])
        spent = cpu.between(before, cpu.threads(target.pid)) if target.pid else {}
        worked_after, taken_after = cpu.busy(self.cpus.measured)
        figures = self.served.ask("figures")
        total = sum(thread.exact for thread in spent.values())
        return Run(
            case=case,
            target=target.name,
            round=number,
            requests=found["requests"],
            failed=found["failed"],
            seconds=found["seconds"],
            cpu_seconds=total,
            kernel_seconds=sum(thread.system for thread in spent.values()),
            loop_seconds=spent[target.pid].exact if target.pid else 0.0,
            ledger_seconds=sum(
                spent[int(thread)].exact
                for thread, name in figures["threads"].items()
                if name == "farthing-ledger" and int(thread) in spent
            ),
            commits=figures["commits"] - commits,
            p50_us=found["whole_p50"],
            p99_us=found["whole_p99"],
            first_p50_us=found["first_p50"],
            calibration_ms=speed,
            others=max(0.0, worked_after - worked - total) / found["seconds"],
            stolen=(taken_after - taken) / found["seconds"],
        )

    def sampled(self, case: Case) -> list[tuple[str, str, int, float]]:
        """Where the gateway's event loop spends its time under this case."""
        self.served.ask("sample")
        programs.load(
            self.folder, self.targets[-1].port, case.in_flight, max(2.0, self.seconds), self.requests[case.kind]
        )
        found: list[tuple[str, str, int, float]] = self.served.ask("samples")  # type: ignore[assignment]
        return found

    def _warm_up(self, cases: tuple[Case, ...]) -> None:
        for target in self.targets:
            for case in cases:
                found = programs.load(self.folder, target.port, case.in_flight, 0.3, self.requests[case.kind])
                if found["failed"]:
                    sys.exit(f"{target.name} failed {found['failed']} of {found['requests']} requests: {case.name}")

    def _calibrate(self) -> float:
        self.cpus.here(self.cpus.measured)
        try:
            return cpu.calibrate()
        finally:
            self.cpus.here(self.cpus.load)


def main() -> None:
    asked = arguments()
    cases = tuple(case for case in CASES if asked.only is None or (case.kind == "whole") == (asked.only == "whole"))
    cpus = Cpus()
    with ExitStack() as stack:
        folder = stack.enter_context(programs.workshop())
        upstream = stack.enter_context(programs.mock(folder, cpus))
        pid, port = stack.enter_context(programs.nginx(folder, cpus, upstream))
        served = stack.enter_context(programs.gateway(folder, cpus, upstream))
        targets = (
            Target("direct", upstream, 0),
            Target("nginx", port, pid),
            Target("farthing", served.port, served.pid),
        )
        bench = Bench(folder, cpus, asked.seconds, targets, served)
        runs = list(bench.rounds(cases, asked.rounds, progress))
        progress("")
        print(tables.setting(runs, asked.seconds, asked.rounds, one_cpu=cpus.shared))
        print(tables.costs(cases, runs))
        print(tables.where(cases, runs))
        for case in cases:
            if case.in_flight > 1 and case.kind != "burst":
                print(tables.samples(case, runs, bench.sampled(case), functions=20 if asked.profile else 0))
    if asked.json:
        asked.json.write_text(json.dumps([run.as_dict() for run in runs], indent=1) + "\n")


def progress(text: str) -> None:
    """On a terminal, one line that overwrites itself."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seconds", type=float, default=1.5, help="how long each case runs through each target, a round"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("whole", "stream"))
    parser.add_argument(
        "--profile", action="store_true", help="name the functions, too, in which the event loop spends its time"
    )
    parser.add_argument("--json", type=Path, help="write every single run to this file")
    asked = parser.parse_args()
    if asked.seconds <= 0 or asked.rounds < 1:
        parser.error("--seconds and --rounds must be above 0")
    return asked


if __name__ == "__main__":
    main()
