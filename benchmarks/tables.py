"""The figures of a benchmark in words and columns: medians over rounds, and ratios within a round."""

import dataclasses
import platform
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple


class Case(NamedTuple):
    name: str
    kind: str
    in_flight: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """One target under one case, once."""

    case: Case
    target: str
    round: int
    requests: int
    failed: int
    seconds: float
    cpu_seconds: float
    kernel_seconds: float
    loop_seconds: float
    ledger_seconds: float
    commits: int
    p50_us: int
    p99_us: int
    first_p50_us: int
    calibration_ms: float
    others: float
    """Share of the measured CPU that other programs had meanwhile."""
    stolen: float
    """Share of it that the host took."""

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / self.requests * 1e6

    def as_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "case": self.case._asdict(), "cpu_us": self.cpu_us}


Sample = tuple[str, str, int, float]
"""File, function, its first line, share of the time."""


def setting(runs: Sequence[Run], seconds: float, rounds: int, *, one_cpu: bool) -> str:
    """What was measured, and how steady the machine was."""
    speeds = [run.calibration_ms for run in runs]
    speed = f"a fixed loop took {min(speeds):.1f} to {max(speeds):.1f} ms"
    others = f"{median(run.others for run in runs):.0%} of it (at most {max(run.others for run in runs):.0%})"
    lines = [
        f"{rounds} rounds of {seconds:g} s each; 2 kB requests from 50 users, 1.1 kB answers; ledger durable (SQLite, FULL),",
        "three budgets per call (everything for ever, the team by month, each user by day);",
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}.",
        f"Steadiness of the CPU: {speed}; other programs used {others},",
        f"the host took at most {max(run.stolen for run in runs):.0%}.",
    ]
    if one_cpu:
        lines.append("ONE CPU ONLY: load generator and provider share it with what is measured; latencies mean little.")
    return "\n".join(lines) + "\n"


def costs(cases: Iterable[Case], runs: Sequence[Run]) -> str:
    """CPU and added latency of nginx and the gateway, case by case."""
    rows = [
        ("", "in flight", "CPU µs/request", "", "", "", "added p50 µs", "", "added p99 µs", "", "requests/s", ""),
        ("", "", "nginx", "farthing", "ratio", "(range)", *("nginx", "farthing") * 3),
    ]
    for name, group in _grouped(cases):
        rows.append((name,))
        for case in group:
            ours, theirs = _of(runs, case, "farthing"), _of(runs, case, "nginx")
            ratios = sorted(our.cpu_us / their.cpu_us for our, their in zip(ours, theirs, strict=True))
            rows.append(
                (
                    "",
                    str(case.in_flight),
                    _middle(theirs, lambda run: run.cpu_us),
                    _middle(ours, lambda run: run.cpu_us),
                    f"{median(ratios):.1f}x",
                    f"{ratios[0]:.1f}-{ratios[-1]:.1f}",
                    _added(runs, case, "nginx", lambda run: run.p50_us),
                    _added(runs, case, "farthing", lambda run: run.p50_us),
                    _added(runs, case, "nginx", lambda run: run.p99_us),
                    _added(runs, case, "farthing", lambda run: run.p99_us),
                    _middle(theirs, lambda run: run.requests / run.seconds),
                    _middle(ours, lambda run: run.requests / run.seconds),
                )
            )
    failed = [f"{run.target}: {run.failed} of {run.requests} failed ({run.case.name})" for run in runs if run.failed]
    return _columns(rows) + "".join(f"{line}\n" for line in failed)


def where(cases: Iterable[Case], runs: Sequence[Run]) -> str:
    """The gateway's CPU by thread, and how the ledger groups its commits."""
    rows = [
        (
            "Where the gateway's time goes",
            "in flight",
            "event loop µs",
            "ledger µs",
            "other µs",
            "kernel",
            "commits/call",
            "calls/commit",
        ),
    ]
    for name, group in _grouped(cases):
        rows.append((name,))
        for case in group:
            ours = _of(runs, case, "farthing")
            rows.append(
                (
                    "",
                    str(case.in_flight),
                    _middle(ours, lambda run: run.loop_seconds / run.requests * 1e6),
                    _middle(ours, lambda run: run.ledger_seconds / run.requests * 1e6),
                    _middle(
                        ours, lambda run: (run.cpu_seconds - run.loop_seconds - run.ledger_seconds) / run.requests * 1e6
                    ),
                    f"{median(run.kernel_seconds / run.cpu_seconds for run in ours):.0%}",
                    f"{median(run.commits / run.requests for run in ours):.2f}",
                    f"{median(run.requests / max(1, run.commits) for run in ours):.1f}",
                )
            )
    return _columns(rows)


def samples(case: Case, runs: Sequence[Run], taken: Sequence[Sample], *, functions: int) -> str:
    """The event loop's time by part of the program and, if wanted, by function."""
    whole = median(run.loop_seconds / run.requests * 1e6 for run in _of(runs, case, "farthing"))
    parts: Counter[str] = Counter()
    for file, _, _, share in taken:
        parts[_part(file)] += share
    rows = [(f"Event loop, {case.name}, {case.in_flight} in flight", "share", "µs")]
    rows += [
        (f"  {part}", f"{share:.0%}", f"{share * whole:.1f}") for part, share in parts.most_common() if share > 0.005
    ]
    for file, function, line, share in taken[:functions]:
        rows.append((f"    {_short(file)}:{line} {function}", f"{share:.1%}", f"{share * whole:.1f}"))
    return _columns(rows)


def _grouped(cases: Iterable[Case]) -> list[tuple[str, list[Case]]]:
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.name, []).append(case)
    return list(groups.items())


def _of(runs: Sequence[Run], case: Case, target: str) -> list[Run]:
    return sorted((run for run in runs if run.case == case and run.target == target), key=lambda run: run.round)


def _middle(runs: Iterable[Run], figure: Callable[[Run], float]) -> str:
    found = median(map(figure, runs))
    return f"{found:,.0f}" if found >= 100 else f"{found:.1f}"


def _added(runs: Sequence[Run], case: Case, target: str, figure: Callable[[Run], float]) -> str:
    """The median over rounds of what a target takes more than the mock alone."""
    pairs = zip(_of(runs, case, target), _of(runs, case, "direct"), strict=True)
    return f"{median(figure(run) - figure(direct) for run, direct in pairs):,.0f}"


def _part(file: str) -> str:
    """A file's package, as someone who reads a profile wants it."""
    parts = Path(file).parts
    for package in ("farthing", "uvicorn", "asyncio"):
        if package in parts:
            inside = parts[len(parts) - parts[::-1].index(package) :]
            folders = inside[:-1] if package == "farthing" else ()
            return "/".join((package, *folders))
    return "other"


def _short(file: str) -> str:
    parts = Path(file).parts
    for package in ("farthing", "site-packages"):
        if package in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(package) :])
    return "/".join(parts[-2:])


def _columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows under each other: the first column to the left, figures to the right."""
    count = max(map(len, rows))
    widths = [max((len(row[at]) for row in rows if len(row) > max(at, 1)), default=0) for at in range(count)]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines) + "\n"
