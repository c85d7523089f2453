"""CPU time of a process tree, thread by thread, from /proc; and how steady the machine is meanwhile."""

import os
import time
from pathlib import Path
from typing import NamedTuple

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """CPU seconds of one thread since it began."""

    user: float
    system: float
    exact: float
    """Their sum from the scheduler's nanoseconds, where the kernel keeps them; the other two are whole ticks."""


def threads(root: int | None = None) -> dict[int, Spent]:
    """Every thread of a process (this one if none is named) and of its descendants, by thread id."""
    found: dict[int, Spent] = {}
    for process in _tree(root or os.getpid()):
        for task in Path(f"/proc/{process}/task").iterdir():
            found[int(task.name)] = _spent(task)
    return found


def between(before: dict[int, Spent], after: dict[int, Spent]) -> dict[int, Spent]:
    """What each thread spent; a thread that is new began with nothing."""
    nothing = Spent(0.0, 0.0, 0.0)
    return {
        thread: Spent(*(late - early for late, early in zip(spent, before.get(thread, nothing), strict=True)))
        for thread, spent in after.items()
    }


def busy(cpu: int) -> tuple[float, float]:
    """(seconds that this CPU worked, seconds that the host took from it) since it started."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{cpu}":
            user, nice, system, _, _, irq, softirq, steal, *_ = map(int, ticks)
            return (user + nice + system + irq + softirq) * TICK_SECONDS, steal * TICK_SECONDS
    raise LookupError(f"/proc/stat knows no CPU {cpu}")


def calibrate() -> float:
    """Milliseconds of a fixed loop on the CPU this runs on: machines that are shared change speed."""
    began = time.perf_counter()
    total = 0
    for number in range(300_000):
        total += number & 7
    return (time.perf_counter() - began) * 1e3


def resident_kib(process: int) -> int:
    """Memory that is really there, in KiB."""
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def _tree(root: int) -> list[int]:
    """The process and everything it started."""
    tree = [root]
    for process in tree:
        for task in Path(f"/proc/{process}/task").iterdir():
            tree += map(int, (task / "children").read_text().split())
    return tree


def _spent(task: Path) -> Spent:
    fields = (task / "stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]) * TICK_SECONDS, int(fields[12]) * TICK_SECONDS
    try:
        exact = int((task / "schedstat").read_text().split()[0]) / 1e9
    except OSError:
        exact = user + system
    return Spent(user, system, exact)
