"""What holds for every test: where its files are, no clock over properties, long files first, and what a failure leaves."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from support import certificates

MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 4 * 2**30
LOG_LINES = 20

settings.register_profile("whatever the machine does", settings(), deadline=None)
settings.load_profile("whatever the machine does")
certificates.read_once()


def files_in_memory() -> bool:
    """Whether there is a file system in memory, with room, where programs may be run."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return False
    return shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC


if files_in_memory():  # a ledger waits for its disk at every promise; those of tests/crash stay on one
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers take one file after the other. Whoever comes last to a long one has all others wait for it."""
    if hasattr(config, "workerinput"):
        long = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure says where its files are kept, and how the logs of its processes end."""
    report = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.failed and isinstance(folder, Path):
        report.sections.append(("its files are kept", str(folder)))
        for log in sorted(folder.rglob("*.log")):
            lines = log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
            report.sections.append((f"the end of {log.relative_to(folder)}", "\n".join(lines)))
    return report
