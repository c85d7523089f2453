"""A command run as our child: its signals are forwarded, its exit code is ours."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def run_child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run to the end with our own terminal; 128 + n where signal n ended it. Raises OSError where it cannot be run."""
    children: list[subprocess.Popen[bytes]] = []
    with _forwarding(children):
        child = subprocess.Popen(command, env=dict(environment))  # noqa: S603 - what the caller asked to run
        children.append(child)
        code = child.wait()
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _forwarding(children: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Signals go on to the child. Ctrl-C reaches it from the terminal by itself, and would reach it twice."""

    def forward(number: int, _: object) -> None:
        for child in children:
            child.send_signal(number)

    def leave_it(_: int, __: object) -> None:
        return

    handlers: dict[signal.Signals, Callable[[int, object], None]] = dict.fromkeys(FORWARDED, forward)
    handlers[signal.SIGINT] = leave_it if sys.stdin is not None and sys.stdin.isatty() else forward
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
