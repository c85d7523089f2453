"""What a run has left, shown while its command has the terminal.

The command's output and ours must never mix. Where all of its output goes elsewhere (to files, to pipes), the terminal is
free: a line is drawn on it, again and again in the same place, and taken away at the end. Where the command writes to the
terminal itself, no place on it is safe (it may be a full-screen program), and the window's title says it: terminals keep
that apart from what is on them, and it gets its old words back. Neither is a byte in any output that is kept.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from farthing.cli.screen import amount, quantity
from farthing.domain.budget import Standing, Unit

EVERY_SECONDS = 1.0
"""How often the accounts are read. What has not changed is not drawn again."""
_WIDEST = 78

Write = Callable[[str], None]


class Form(NamedTuple):
    """How a status is drawn: what goes before the first, around each, and after the last."""

    begin: str
    before: str
    after: str
    end: str


LINE = Form("", "\r\x1b[2m", "\x1b[0m\x1b[K", "\r\x1b[K")
TITLE = Form("\x1b[22;2t", "\x1b]2;", "\x07", "\x1b[23;2t")
"""The title is pushed on the terminal's own stack before, and popped after (xterm's window operations 22 and 23)."""


def left_of(limits: Sequence[tuple[Unit, int]], standings: Sequence[Standing]) -> str:
    """`$4.31 of $5.00 left, 12 of 20 calls left`: of each limit, what calls under way and before leave to new ones."""
    taken = {each.account.unit: each.posted + each.held + each.unknown for each in standings}
    shown = ((unit, max(0, limit - taken.get(unit, 0)), limit) for unit, limit in limits)
    return ", ".join(f"{quantity(unit, left)} of {amount(unit, limit)} left" for unit, left, limit in shown)


def place() -> tuple[Form, int] | None:
    """How and on which descriptor to show a status here; None where nobody would see it. The caller closes it."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return None
    form = TITLE if _is_terminal(sys.stdout) or _is_terminal(sys.stderr) else LINE
    try:
        return form, os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
    except OSError:
        return None


def _is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return bool(isatty is not None and isatty())


@contextlib.contextmanager
def status(look: Callable[[], str]) -> Iterator[None]:
    """Show what `look` says until the block ends, where there is a terminal for it."""
    found = place()
    if found is None:
        yield
        return
    form, descriptor = found
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as terminal:

        def write(text: str) -> None:
            with contextlib.suppress(OSError):  # the terminal was closed meanwhile
                terminal.write(text)
                terminal.flush()

        with showing(look, form, write):
            yield


@contextlib.contextmanager
def showing(look: Callable[[], str], form: Form, write: Write, every_seconds: float = EVERY_SECONDS) -> Iterator[None]:
    """Draw what `look` says in this form, at once and where it has changed, until the block ends."""
    done = threading.Event()

    def work() -> None:
        shown = None
        while True:
            said = look()[:_WIDEST]
            if said != shown:
                write(f"{form.before}farthing: {said}{form.after}")
                shown = said
            if done.wait(every_seconds):
                return

    write(form.begin)
    thread = threading.Thread(target=work, name="farthing status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        write(form.end)
