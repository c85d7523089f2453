"""The full check of a ledger's file: whether every balance is the sum of what is behind it. For `farthing doctor`."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from farthing.stores.sqlite.connect import Connect, open_reader
from farthing.stores.sqlite.rows import HELD, SETTLED, UNKNOWN, VOID
from farthing.stores.sqlite.statements import sql

PROGRESS_EVERY = 100_000
_OPEN = frozenset({HELD, UNKNOWN})
_KINDS = {SETTLED: "posted", HELD: "held", UNKNOWN: "unknown"}

_read_charges = msgspec.json.Decoder(list[tuple[int, int, int, int, int | None]]).decode
_read_posted = msgspec.json.Decoder(list[int]).decode


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it must be."""

    account: str
    """`budget/value/unit/window`; "" where the file itself is damaged."""
    kind: str
    """`posted`, `held`, `unknown`, or `file`."""
    row: int
    """What the account's row says."""
    sum: int
    """What the attempts behind it add up to."""
    detail: str = ""


def verify(
    path: Path, *, progress: Callable[[int], None] = lambda _: None, connect: Connect = sqlite3.connect
) -> list[Finding]:
    """Everything wrong with the file; nothing is what it should be. Reads one moment of it and blocks nobody.

    Open holds must add up to `held` and `unknown`, what settled attempts posted (corrections included) to `posted`, on
    every account, and an attempt that has ended must have posted once for each of its charges. `progress` is told how many
    attempts were read. Raises StoreBroken when the file cannot be opened.
    """
    connection = open_reader(path, connect=connect)
    try:
        connection.execute("BEGIN")
        return _damage(connection) or _differences(connection, progress)
    finally:
        connection.close()


def _damage(connection: sqlite3.Connection) -> list[Finding]:
    return [
        Finding(account="", kind="file", row=0, sum=0, detail=str(line))
        for (line,) in connection.execute("PRAGMA quick_check")
        if line != "ok"
    ]


def _differences(connection: sqlite3.Connection, progress: Callable[[int], None]) -> list[Finding]:
    sums, findings = _sums(connection, progress)
    return findings + compared(connection, sums)


def compared(connection: sqlite3.Connection, sums: dict[tuple[int, str], int]) -> list[Finding]:
    """What differs between the accounts and these sums, by account and kind. Takes them out of `sums`."""
    findings = []
    for number, posted, held, unknown, *names in connection.execute(sql("account_all")):
        account = "/".join(names)
        for kind, row in (("posted", posted), ("held", held), ("unknown", unknown)):
            found = sums.pop((number, kind), 0)
            if found != row:
                findings.append(Finding(account=account, kind=kind, row=row, sum=found))
    for (number, kind), found in sums.items():
        if found:
            findings.append(Finding(account=f"number {number}", kind=kind, row=0, sum=found, detail="has no row"))
    return findings


def _sums(
    connection: sqlite3.Connection, progress: Callable[[int], None]
) -> tuple[dict[tuple[int, str], int], list[Finding]]:
    """By account and kind what the attempts add up to, and the attempts that contradict themselves."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    findings = []
    read = 0
    for read, (attempt, state, charges, posted) in enumerate(connection.execute(sql("attempt_charges")), start=1):
        found = shares(state, charges, posted)
        if found is None:
            detail = f"attempt {attempt}: what it posted does not fit its state"
            findings.append(Finding(account="", kind="file", row=0, sum=0, detail=detail))
        for account, kind, amount in found or ():
            sums[account, kind] += amount
        if read % PROGRESS_EVERY == 0:
            progress(read)
    progress(read)
    for account, posted in connection.execute(sql("audit_bases")):
        sums[account, "posted"] += posted
    return dict(sums), findings


def shares(state: int, charges: str, posted: str | None) -> list[tuple[int, str, int]] | None:
    """What an attempt counts for: account, kind and amount; None where it contradicts itself."""
    try:
        held = _read_charges(charges)
        ended = None if posted is None else _read_posted(posted)
    except msgspec.MsgspecError:
        return None
    amounts = [charge[1] for charge in held] if state in _OPEN else ended or []
    if (ended is None) != (state in _OPEN) or len(amounts) != len(held) or (state == VOID and any(amounts)):
        return None
    if state == VOID:
        return []
    if state not in _KINDS:
        return None
    return [(charge[0], _KINDS[state], amount) for charge, amount in zip(held, amounts, strict=True)]
