"""Single keys from a terminal, without waiting for Enter; none where there is no terminal."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

GONE = "\x04"
"""The terminal is gone: as if its user had ended the input."""


class Keys:
    """Waits for keys; where there is no terminal it only waits."""

    def __init__(self, terminal: int | None) -> None:
        """`terminal` is a file descriptor."""
        self._terminal = terminal

    def wait(self, seconds: float) -> str:
        """The next key, or "" when the time is over."""
        if self._terminal is None:
            select.select([], [], [], seconds)
            return ""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return ""
        return os.read(self._terminal, 1).decode("ascii", "replace").lower() or GONE


@contextmanager
def keys() -> Iterator[Keys]:
    """Keys of the terminal we are on, which is as it was afterwards."""
    if not sys.stdin.isatty():
        yield Keys(None)
        return
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield Keys(number)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
