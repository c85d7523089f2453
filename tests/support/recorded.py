"""A past to read: calls as values, and the way to put them into a ledger's file without a ledger."""

import sqlite3

import msgspec

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Spent
from farthing.domain.ids import EPOCH_MS, attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, MessageShape, Skeleton
from farthing.domain.usage import Usage
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord, Share

STATES = ("held", "unknown", "settled", "void")
TEAM = AccountKey("team", "", Unit.USD, "lifetime")
DAY_MS = 86_400_000


def call_id(number: int, at_ms: int) -> int:
    return ((at_ms - EPOCH_MS) << 22) | (number << 4)


def a_call(number, *, at_ms=EPOCH_MS + DAY_MS, attempts=(), closing="paid", **opening) -> CallRecord:
    """The `number`th call; `attempts` are `(state, settings)` pairs."""
    number_id = call_id(number, at_ms)
    skeleton = Skeleton(messages=(MessageShape("user", f"{number:016x}", 5),), text_bytes=5)
    call = CallOpening(
        id=number_id,
        arrived_ms=at_ms,
        skeleton=msgspec.json.encode(skeleton),
        **{"model": "gpt-4o", "dialect": "openai-chat", "route": "/v1/chat/completions", **opening},
    )
    end = CallClosing(
        id=number_id, outcome=closing, status=402 if closing == "refused" else 200, finished_ms=at_ms + 900
    )
    return CallRecord(
        opening=call,
        closing=end if closing else None,
        skeleton=skeleton,
        attempts=tuple(an_attempt(number_id, place, at_ms, **one) for place, one in enumerate(attempts, start=1)),
    )


def an_attempt(
    call, ordinal, at_ms, *, state="settled", provider="openai", model="gpt-4o", text_bytes=100, steps=(), **rest
):
    opening = AttemptOpening(
        id=attempt_id(call, ordinal),
        call_id=call,
        ordinal=ordinal,
        provider=provider,
        model=model,
        book="b00c",
        bound="bytes",
        input_bound=text_bytes,
        text_bytes=text_bytes,
        opened_ms=at_ms,
        steps=steps,
    )
    settled = {"source": "provider", "cost_nanos": 1_000, "usage": Usage(input_tokens=25, output_tokens=5)}
    unknown = {"due_ms": at_ms + 600_000, "reason": "reset", "seen": Spent(picos=7, input_tokens=3)}
    by_state = {"settled": settled | {"settled_ms": at_ms + 800}, "unknown": unknown}
    shares = (Share(TEAM, 1_500, {"settled": 1_000, "void": 0}.get(state)),)
    return AttemptRecord(opening=opening, state=state, cap=64, **{"shares": shares, **by_state.get(state, {}), **rest})


def write(connection: sqlite3.Connection, record: CallRecord) -> None:
    """Put one call into the file as the ledger's schema keeps it."""
    opening = {f: getattr(record.opening, f) for f in CallOpening.__struct_fields__}
    opening["labels"] = msgspec.json.encode(dict(record.opening.labels)).decode()
    closing = {f: getattr(record.closing, f) for f in CallClosing.__struct_fields__} if record.closing else {}
    insert(connection, "call", opening | closing)
    for attempt in record.attempts:
        insert(connection, "attempt", attempt_row(connection, attempt))
    for entry in record.adjustments:
        insert(connection, "adjustment", {f: getattr(entry, f) for f in Adjustment.__struct_fields__})


def attempt_row(connection, attempt: AttemptRecord) -> dict:
    row = {f: getattr(attempt, f) for f in AttemptRecord.__struct_fields__ if f not in {"opening", "shares", "usage"}}
    row |= {f: getattr(attempt.opening, f) for f in AttemptOpening.__struct_fields__ if f not in {"call_id", "ordinal"}}
    if attempt.usage:
        row |= {f: getattr(attempt.usage, f) for f in Usage.__struct_fields__}
    charges = [[account_number(connection, share.account), share.held, 1, 1_000, None] for share in attempt.shares]
    posted = [share.posted for share in attempt.shares]
    return row | {
        "owner": 0,
        "state": STATES.index(attempt.state),
        "charges": msgspec.json.encode(charges).decode(),
        "posted": None if None in posted else msgspec.json.encode(posted).decode(),
        "seen": msgspec.json.encode(attempt.seen).decode() if attempt.seen else None,
        "flags": msgspec.json.encode(attempt.flags).decode(),
        "steps": msgspec.json.encode(attempt.opening.steps).decode() if attempt.opening.steps else None,
    }


def account_number(connection, account: AccountKey) -> int:
    connection.execute(
        "INSERT OR IGNORE INTO account (budget, value, unit, window, closes_ms) VALUES (?, ?, ?, ?, 0)", account
    )
    found = "SELECT id FROM account WHERE budget = ? AND value = ? AND unit = ? AND window = ?"
    return connection.execute(found, account).fetchone()[0]


def insert(connection, table: str, row: dict) -> None:
    places = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))
