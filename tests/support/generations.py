"""Makers' clients of an earlier generation, each in a folder of its own: installed once, and found first by a process of its own."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

INSTALL_SECONDS = 110
TESTS = Path(__file__).parents[1]


def environment() -> dict[str, str]:
    """For a process that runs `python -m support.…` with the packages that the tests themselves have."""
    return {**os.environ, "PYTHONPATH": str(TESTS)}


def environment_with(package: str, version: str, config: pytest.Config, otherwise: Path) -> dict[str, str]:
    """The same, but `package` is of this version (`2.54` is any of 2.54). Kept in pytest's cache, or in the folder
    `otherwise` where there is none. Skips the test, and says so, where pip cannot install it."""
    cache = getattr(config, "cache", None)
    folder = Path(cache.mkdir(f"{package}-{version}")) if cache else otherwise
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may want the same, and waits for it
        _install(f"{package}=={version}.*", folder)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{TESTS}"}


def _install(wanted: str, folder: Path) -> None:
    """Once; what is only half there is installed again."""
    if (folder / "complete").exists():
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    command = [*pip, "--target", str(folder), wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        pytest.skip(f"pip cannot install {wanted}, so it is NOT tested: {done.stderr.strip()[-200:]}")
    (folder / "complete").touch()
