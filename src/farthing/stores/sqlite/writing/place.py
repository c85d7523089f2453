"""Where a durable ledger works, and what it is told about the world."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from farthing.stores.sqlite.connect import Connect


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Given once, when a ledger is opened; a forked child goes on with the same."""

    path: Path
    clock: Callable[[], int]
    """Milliseconds since 1970."""
    what: str = "serve"
    """What kind of process this is, for people."""
    unknown_after_ms: int = 600_000
    """How long the outcome of a dead owner's hold may still be reported before a policy charges it."""
    connect: Connect = sqlite3.connect
    on_directory_change: Callable[[], None] | None = None
    """Called from the writer thread when stored keys, budgets, grants or gates changed."""
