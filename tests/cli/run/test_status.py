"""What a run has left, on a terminal: a line where it is free, else its title; and nothing in any output that is kept."""

import os
import pty
import subprocess
import sys
import threading

import pytest

from farthing.cli.run.status import LINE, TITLE, left_of, showing, status
from farthing.domain.budget import AccountKey, Standing, Unit
from support.shell import BARE


def standing(unit, posted, held=0, unknown=0):
    key = AccountKey("run r", "", unit, "lifetime")
    return Standing(account=key, limit=None, posted=posted, held=held, unknown=unknown)


def test_what_calls_under_way_hold_is_not_left():
    limits = ((Unit.USD, 5_000_000_000), (Unit.CALLS, 20))
    standings = (standing(Unit.USD, 500_000_000, 100_000_000, 90_000_000), standing(Unit.CALLS, 8))
    assert left_of(limits, standings) == "$4.31 of $5 left, 12 of 20 calls left"


def test_before_the_first_call_everything_is_left():
    assert left_of(((Unit.TOKENS, 1_000),), ()) == "1,000 of 1,000 tokens left"


def test_an_account_that_is_overdrawn_has_nothing_left():
    assert left_of(((Unit.TOKENS, 10),), (standing(Unit.TOKENS, 11),)) == "0 of 10 tokens left"


@pytest.mark.parametrize("form", [LINE, TITLE])
def test_it_is_drawn_when_it_changes_and_taken_away_at_the_end(form):
    drawn, looks = [], iter(["$5 left", "$5 left", "$4 left"])
    seen = threading.Event()

    def look():
        try:
            return next(looks)
        except StopIteration:
            seen.set()
            return "$4 left"

    with showing(look, form, drawn.append, every_seconds=0.001):
        assert seen.wait(20)
    around = [f"{form.before}farthing: {text}{form.after}" for text in ("$5 left", "$4 left")]
    assert drawn == [form.begin, *around, form.end]


def test_where_there_is_no_terminal_nobody_is_asked(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    with status(lambda: pytest.fail("it was asked")):
        pass


def on_a_terminal(folder, redirection):
    """What a terminal shows of a run in it, and its exit code. A session of its own takes the first terminal it opens."""
    ours, theirs = pty.openpty()
    run = f"{sys.executable} -m farthing.cli run --calls 3 -- sh -c 'echo out; echo err >&2' {redirection}"
    script = f"exec < {os.ttyname(theirs)} > {os.ttyname(theirs)} 2>&1; exec {run}"
    environment = BARE | {"TERM": "xterm", "OPENAI_API_KEY": "sk-test"}
    running = subprocess.Popen(["sh", "-c", script], cwd=folder, env=environment, start_new_session=True)
    try:
        shown = os.read(ours, 4_096)  # by now the shell has the terminal, and we can let go of its side
        os.close(theirs)
        while piece := os.read(ours, 4_096):
            shown += piece
    except OSError:  # how Linux says that the other side has closed
        pass
    finally:
        os.close(ours)
    return shown.decode(), running.wait(60)


def test_beside_a_command_that_writes_to_the_terminal_only_the_title_changes(tmp_path):
    shown, code = on_a_terminal(tmp_path, "")
    assert code == 0
    parts = ("\x1b[22;2t", "\x1b]2;farthing: 3 of 3 calls left\x07", "\x1b[23;2t")
    assert sorted(map(shown.index, parts)) == [shown.index(part) for part in parts]
    assert "\r\x1b[2m" not in shown


def test_a_terminal_that_is_free_gets_a_line_and_the_files_get_none_of_it(tmp_path):
    shown, code = on_a_terminal(tmp_path, "> out 2> err")
    assert code == 0
    assert shown == f"{LINE.before}farthing: 3 of 3 calls left{LINE.after}{LINE.end}"
    assert (tmp_path / "out").read_text() == "out\n"
    assert "err\n" in (tmp_path / "err").read_text()
    assert "\x1b" not in (tmp_path / "err").read_text()
