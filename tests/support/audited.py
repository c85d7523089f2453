"""A ledger's file in which everything the chain covers has happened, and ways to spoil it."""

import asyncio
import random
import sqlite3
from pathlib import Path

from msgspec.structs import replace

from farthing.domain.budget import AccountKey, Budget, Grant, Unit
from farthing.domain.hold import Loss, Reserve, Spent, Void
from farthing.domain.ids import Mint
from farthing.domain.key import Key
from farthing.domain.record import CallClosing, CallOpening
from farthing.domain.suspension import Suspension
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.stores.sqlite.audit import SqliteAudit
from farthing.stores.sqlite.chain.tables import NAMED, NUMBERED
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.guards import SqliteGuards
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.outcomes import SqliteOutcomes
from support.ledger_work import a_reserve, a_settlement

NOW_MS = 1_800_000_000_000


def fill(path: Path, *, calls: int = 25, seed: int = 1, now_ms: int = NOW_MS) -> None:
    """Calls that are paid, void, unknown, settled after all, corrected, refused and in flight; changes of every kind."""
    asyncio.run(_calls(path, calls, seed, now_ms))
    changes(path, now_ms)


async def more_calls(path: Path, now_ms: int) -> None:
    """Six more calls, at another time."""
    await _calls(path, 6, 3, now_ms)


async def _calls(path: Path, calls: int, seed: int, now_ms: int) -> None:
    ledger = SqliteLedger.open(path, clock=lambda: now_ms)
    chance, mint = random.Random(seed), Mint(ledger.slot, now_ms)
    try:
        for turn in range(calls):
            ask = a_reserve(mint(now_ms), chance)
            ask = replace(ask, call=replace(ask.call, arrived_ms=now_ms))
            await ledger.reserve(ask)
            await _end(ledger, ask, chance, turn % 6, now_ms)
        for _ in range(3):
            ledger.refuse(*a_refusal(mint(now_ms), now_ms))
        await ledger.flush()
    finally:
        await ledger.close()


async def _end(ledger: SqliteLedger, ask: Reserve, chance: random.Random, way: int, now_ms: int) -> None:
    attempt = ask.opening.id
    match way:
        case 0 | 1:
            ledger.settle(a_settlement(attempt, chance))
        case 2:
            ledger.void(Void(attempt=attempt, reason="not sent", at_ms=now_ms, closing=a_closing(attempt, now_ms)))
        case 3:
            ledger.lose(a_loss(attempt, now_ms))
            ledger.settle(a_settlement(attempt, chance))
        case 4:
            ledger.settle(a_settlement(attempt, chance))
            await ledger.adjust(a_settlement(attempt, chance), "alice at the desk", "the invoice says so")
        case 5:
            ledger.lose(a_loss(attempt, now_ms))


def a_loss(attempt: int, now_ms: int) -> Loss:
    return Loss(attempt=attempt, seen=Spent(), due_ms=now_ms * 2, reason="reset", response_id="resp_1")


def a_closing(attempt: int, now_ms: int) -> CallClosing:
    return CallClosing(
        id=attempt - 1, outcome="failed", status=502, finished_ms=now_ms, detail="the key is unknown to the provider"
    )


def a_refusal(call: int, now_ms: int) -> tuple[CallOpening, CallClosing]:
    opening = CallOpening(id=call, arrived_ms=now_ms, labels=(("team", "a"), ("user", "user 1")), skeleton=b"{}")
    detail = "the budget of user 1 is spent"
    return opening, CallClosing(
        id=call, outcome="refused", status=402, finished_ms=now_ms, code="budget_exceeded", detail=detail
    )


def changes(path: Path, now_ms: int) -> None:
    directory = SqliteDirectory(path, now_ms=lambda: now_ms)
    guards = SqliteGuards(path, now_ms=lambda: now_ms)
    outcomes = SqliteOutcomes(path)
    try:
        for name in ("bot", "old bot"):
            directory.add_key(Key(name=name, id=f"id of {name}", digest="d", labels=(("team", "a"),)), "root")
        directory.revoke_key("old bot", "root")
        directory.put_budget(Budget(name="monthly", limits=((Unit.USD, 10**12),)), "root")
        directory.put_budget(Budget(name="gone", limits=((Unit.USD, 10**12),)), "root")
        directory.remove_budget("gone", "root")
        account = AccountKey("user", "user 1", Unit.TOKENS, "lifetime")
        directory.grant(Grant(account=account, amount=5, by="root", reason="for user 1", at_ms=now_ms))
        guards.suspend(
            Suspension(label="user", value="user 1", until_ms=None, by="root", why="user 1 asked", at_ms=now_ms)
        )
        guards.start("a run", by="bot", who="bot")
        outcomes.judge(Outcome(run="a run", at_ms=now_ms, success=True, score=0.5, by="user 1"))
        outcomes.book(OtherCost(run="a run", at_ms=now_ms, kind="tool", nanos=7))
    finally:
        directory.close()
        guards.close()
        outcomes.close()


def audit_of(path: Path, now_ms: int = NOW_MS) -> SqliteAudit:
    return SqliteAudit(path, now_ms=lambda: now_ms)


def somebody_at_rest(path: Path) -> str:
    """A user all of whose calls have ended."""
    connection = sqlite3.connect(path)
    try:
        (name,) = connection.execute(
            "SELECT json_extract(labels, '$.user') AS name FROM call LEFT JOIN attempt ON attempt.id = call.id + 1 "
            "GROUP BY name HAVING min(ifnull(state, 3)) >= 2 ORDER BY name LIMIT 1"
        ).fetchone()
    finally:
        connection.close()
    return name


# Spoiling

NOT_COVERED = {
    "account": {"closes_ms"},
    "approval": {"topic", "petition"},
}
"""Columns that the chain says nothing of, by table."""
CHAIN = ("audit_link", "audit_salt")


def covered() -> list[str]:
    """Every table of which every byte counts."""
    return [table.name for table in (*NUMBERED, *NAMED)] + list(CHAIN)


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    rows = connection.execute(f"PRAGMA table_info({table})")
    return [name for _, name, *_ in rows if name not in NOT_COVERED.get(table, ())]


def spoil(connection: sqlite3.Connection, chance: random.Random) -> str:
    """One random change of what is covered, in words; "" where the draw changed nothing."""
    way = chance.choices((_alter, _delete, _double, _swap, _truncate, _reorder), (80, 6, 4, 6, 2, 2))[0]
    try:
        return way(connection, chance)
    except sqlite3.IntegrityError:
        return ""


def _some_row(connection: sqlite3.Connection, chance: random.Random) -> tuple[str, str, tuple]:
    """A table, a condition that means one of its rows, and that condition's values."""
    table = chance.choice(covered())
    keys = [name for _, name, _, _, _, primary in connection.execute(f"PRAGMA table_info({table})") if primary]
    rows = connection.execute(f"SELECT {', '.join(keys)} FROM {table}").fetchall()
    if not rows:
        return _some_row(connection, chance)
    return table, " AND ".join(f"{key} = ?" for key in keys), chance.choice(rows)


def _alter(connection: sqlite3.Connection, chance: random.Random) -> str:
    table, where, key = _some_row(connection, chance)
    column = chance.choice(columns(connection, table))
    (value,) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}", key).fetchone()
    other = _other(
        value,
        chance,
        connection.execute(f"SELECT type FROM pragma_table_info('{table}') WHERE name = ?", (column,)).fetchone()[0],
    )
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (other, *key))
    return f"{table}.{column} of {key}: {value!r} became {other!r}" if other != value else ""


def _other(value: object, chance: random.Random, kind: str) -> object:
    """The value with one byte changed."""
    match value:
        case None:
            return {"INTEGER": chance.randrange(3), "REAL": 0.25, "TEXT": chance.choice(["", "x"]), "BLOB": b"\1"}[kind]
        case int():
            other = value ^ 1 << chance.randrange(40)
            return max(other, 0)
        case float():
            return value + 2.0**-20
        case str():
            place = chance.randrange(len(value) + 1)
            return (
                value[:place] + chr(chance.randrange(32, 127)) + value[place + chance.randrange(2) :] if value else " "
            )
        case bytes():
            place = chance.randrange(len(value)) if value else 0
            return (
                value[:place] + bytes([(value[place] if value else 0) ^ 1 << chance.randrange(8)]) + value[place + 1 :]
            )
    raise AssertionError(value)


def _delete(connection: sqlite3.Connection, chance: random.Random) -> str:
    table, where, key = _some_row(connection, chance)
    connection.execute(f"DELETE FROM {table} WHERE {where}", key)
    return f"{table} lost {key}"


def _double(connection: sqlite3.Connection, chance: random.Random) -> str:
    """A row that never was: a copy of another under a number of its own."""
    table, where, key = _some_row(connection, chance)
    if table == "audit_salt":
        return ""  # a salt of nothing says nothing
    names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    row = list(connection.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {where}", key).fetchone())
    row[0] = row[0] + 7 if isinstance(row[0], int) else row[0] + "x"
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row)
    return f"{table} has {key} twice"


def _swap(connection: sqlite3.Connection, chance: random.Random) -> str:
    table, where, one = _some_row(connection, chance)
    column = chance.choice(columns(connection, table))
    keys = where.replace(" = ?", "").replace(" AND ", ", ")
    other = chance.choice(connection.execute(f"SELECT {keys} FROM {table}").fetchall())
    values = [
        connection.execute(f"SELECT {column} FROM {table} WHERE {where}", key).fetchone()[0] for key in (one, other)
    ]
    if values[0] == values[1]:
        return ""
    for key, value in zip((one, other), reversed(values), strict=True):
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value, *key))
    return f"{table}.{column} of {one} and {other} were exchanged"


def _truncate(connection: sqlite3.Connection, chance: random.Random) -> str:
    (last,) = connection.execute("SELECT max(seq) FROM audit_link").fetchone()
    keep = chance.randrange(last)
    connection.execute("DELETE FROM audit_link WHERE seq > ?", (keep,))
    return f"the chain was cut off after {keep}"


def _reorder(connection: sqlite3.Connection, chance: random.Random) -> str:
    (last,) = connection.execute("SELECT max(seq) FROM audit_link").fetchone()
    one, other = chance.sample(range(1, last + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        connection.execute("UPDATE audit_link SET seq = ? WHERE seq = ?", (new, old))
    return f"links {one} and {other} changed places"
