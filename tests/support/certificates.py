"""The certificates of the system, read once a process: every client of httpx2 would read them again, for 30 ms of CPU each."""

from functools import cache

import httpcore2


def read_once() -> None:
    """From now on clients without certificates of their own share one context, which is made to be shared."""
    httpcore2.default_ssl_context = cache(httpcore2.default_ssl_context)
