"""A command as our child: its exit code, its signals."""

import signal
import sys
from pathlib import Path

import pytest

from farthing.cli.run.child import run_child
from support.shell import BARE, started

PYTHON = sys.executable


def test_its_exit_code_is_ours():
    assert run_child([PYTHON, "-c", "raise SystemExit(3)"], BARE) == 3
    assert run_child([PYTHON, "-c", ""], BARE) == 0


def test_a_death_by_signal_is_told_as_shells_tell_it():
    assert run_child([PYTHON, "-c", "import os; os.kill(os.getpid(), 9)"], BARE) == 128 + 9


def test_it_gets_the_environment_it_is_given(tmp_path):
    code = "import os, sys, pathlib; pathlib.Path(sys.argv[1]).write_text(os.environ['X'])"
    run_child([PYTHON, "-c", code, str(tmp_path / "x")], BARE | {"X": "given"})
    assert (tmp_path / "x").read_text() == "given"


def test_a_command_that_is_not_there_cannot_be_run():
    with pytest.raises(FileNotFoundError):
        run_child(["no-such-command-anywhere"], BARE)


def test_our_own_handlers_are_back_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    run_child([PYTHON, "-c", ""], BARE)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_go_on_to_the_child(tmp_path: Path, number: signal.Signals):
    waiting = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(41))\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(41))\n"
        "print('ready', flush=True)\nsignal.pause()"
    )
    parent = started("run", "--", PYTHON, "-c", waiting, cwd=tmp_path)
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parent.send_signal(number)
        parent.communicate(timeout=30)
    finally:
        parent.kill()
        parent.communicate()
    assert parent.returncode == 41
