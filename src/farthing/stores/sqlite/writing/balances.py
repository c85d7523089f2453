"""What attempts count for on their accounts, and where accounts say something else."""

import sqlite3

import msgspec

from farthing.stores.sqlite.statements import sql
from farthing.stores.sqlite.writing.rows import HELD, SETTLED, UNKNOWN, VOID

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
