"""A port that nobody has, for a process that must be told one before it starts.

A port that the system chooses is free only for as long as one keeps it: between closing it and the start of the process
that is to have it, any connection of any program may get it. So these are below the range from which the system chooses,
and each worker of a parallel run has a part of its own.
"""

import itertools
import os
import random
import socket

FIRST, LAST = 20_000, 32_000
"""Systems choose from 32768 on (Linux) or 49152 on (others)."""
PARTS = 16
_SIZE = (LAST - FIRST) // PARTS
_part = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PARTS
_counted = itertools.count(random.randrange(_SIZE))


def free_port(host: str = "127.0.0.1") -> int:
    """A port that can be listened on now, and that this process has not named for a long while."""
    for count in itertools.islice(_counted, _SIZE):
        port = FIRST + _part * _SIZE + count % _SIZE
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((host, port))
            except OSError:
                continue
        return port
    raise OSError(f"no port is free on {host} from {FIRST + _part * _SIZE} on")
