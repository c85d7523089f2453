"""The tables the chain covers: which columns each entry speaks of, and what a row's digest is now."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from farthing.audit.entry import Kind, digest, encode, number_of
from farthing.audit.subjects import PERSONAL, Commitments, commitment, committed
from farthing.domain.usage import Usage
from farthing.stores.sqlite.writing.rows import SETTLED

Row = Sequence[Any]
Salts = Callable[[int, int, Row], bytes]
"""Group, number and row → the salt of that row; b"" where it has none."""

OPENING = (
    "id",
    "arrived_ms",
    "key",
    "labels",
    "dialect",
    "route",
    "model",
    "streamed",
    "cap_asked",
    "skeleton",
    "parent",
)
ENDING = ("outcome", "status", "finished_ms", "first_byte_ms", "code", "detail")
HOLD = (
    "id", "owner", "provider", "model", "book", "bound", "input_bound", "text_bytes", "choices", "cap", "opened_ms",
    "charges", "steps",
)  # fmt: skip
END = (
    "posted", "cost_nanos", "remainder_picos", *Usage.__struct_fields__, "source", "tier", "served_model", "response_id",
    "finish", "flags", "settled_ms", "id", "state", "due_ms", "seen", "reason",
)  # fmt: skip
"""As `rows.settled` has them; the last four are those of a hold that was never unknown."""
_SHORT = len(END) - 4
_NEVER_UNKNOWN = (SETTLED, None, None, None)
_LABELS, _SKELETON = OPENING.index("labels"), OPENING.index("skeleton")

_json = msgspec.json.Encoder().encode
_read_labels = msgspec.json.Decoder(dict[str, str]).decode
_DROPPED = b'{"sha256":"%s"}'
_MARK, _MARK_LENGTH = _DROPPED[:11], len(_DROPPED) - 2 + 64


class Altered(Exception):
    """A row holds what nothing of ours ever wrote."""


class Facts(NamedTuple):
    """What digests need beside the rows themselves."""

    commitments: Commitments
    """Raises Altered for a name that nobody ever committed to."""
    salts: Salts


class Group(NamedTuple):
    """Columns that are written together."""

    kind: Kind
    now: Callable[[Row, int, Facts], bytes | None]
    """A row's digest, given its number; None where no entry may speak of it."""


class Table(NamedTuple):
    name: str
    query: str
    """Number or naming columns first, then what the groups read. Ends so that a WHERE may follow."""
    groups: tuple[Group, ...]
    key: str
    """The column of the row's number; "" where text names it."""

    def number(self, row: Row, facts: Facts) -> int:
        return int(row[0]) if self.key else text_number(str(row[0]), str(row[1]), facts.commitments)

    def called(self, row: Row) -> str:
        """How people find the row."""
        return str(row[0]) if self.key or not row[1] else f"{row[0]} {row[1]}"


def text_number(name: str, value: str, commitments: Commitments) -> int:
    """The number of a row that is named by text: of a label and a person's name, of what stands for the name."""
    return number_of(name, commitments(name, value).hex() if name in PERSONAL and value else value)


# Calls and attempts, as they are written: one digest a row, nothing read back


def opened_digest(row: Row, labels: object) -> bytes:
    """Of a row like `rows.opening`, with `labels` as they enter the chain. The first bytes of it count."""
    number, arrived_ms, key, _, dialect, route, model, streamed, cap_asked, skeleton, parent = row
    root = sha256(skeleton).digest()
    streams = 1 if streamed else 0
    facts = (number, arrived_ms, key, labels, dialect, route, model, streams, cap_asked, root, parent)
    return sha256(encode(facts)).digest()


def end_digest(end: Row) -> bytes:
    """Of the columns `END`: as `rows.settled` has them where the hold was never unknown, else of all of them."""
    return digest(end[:_SHORT] if tuple(end[_SHORT:]) == _NEVER_UNKNOWN else end)


def skeleton_dropped(skeleton: bytes) -> bytes:
    """What is kept of a skeleton by policy: JSON that reads as a skeleton of nothing, and its digest."""
    return _DROPPED % sha256(skeleton).hexdigest().encode()


def is_dropped(skeleton: bytes) -> bool:
    return len(skeleton) == _MARK_LENGTH and skeleton.startswith(_MARK)


# The same, read from the file


def _opened_now(row: Row, _: int, facts: Facts) -> bytes:
    labels, skeleton = row[_LABELS], row[_SKELETON]
    try:
        named = _read_labels(labels)
        root = bytes.fromhex(skeleton[11:75].decode()) if is_dropped(skeleton) else sha256(skeleton).digest()
    except (msgspec.MsgspecError, ValueError) as error:
        raise Altered(f"cannot be read: {error}") from error
    if _json(named).decode() != labels or (is_dropped(skeleton) and skeleton != _DROPPED % root.hex().encode()):
        raise Altered("is not written as it was")
    return digest(
        (
            *row[:_LABELS],
            encode(committed(named.items(), facts.commitments)),
            *row[_LABELS + 1 : _SKELETON],
            root,
            *row[_SKELETON + 1 : len(OPENING)],
        )
    )


def _closed_now(row: Row, number: int, facts: Facts) -> bytes | None:
    end = row[len(OPENING) :]
    if all(value is None for value in end):
        return None
    return digest((*end, number), facts.salts(Kind.CLOSED, number, row))


def _held_now(row: Row, _: int, __: Facts) -> bytes:
    return digest(row[: len(HOLD)])


def _ended_now(row: Row, _: int, __: Facts) -> bytes | None:
    end = row[len(HOLD) :]
    bare = end[_SHORT] == 0 and all(value is None for value in (*end[: _SHORT - 1], *end[_SHORT + 1 :]))
    return None if bare else end_digest(end)


def _salted(kind: Kind) -> Group:
    def now(row: Row, number: int, facts: Facts) -> bytes:
        return digest(row, facts.salts(kind, number, row))

    return Group(kind, now)


def _plain(kind: Kind) -> Group:
    def now(row: Row, _: int, __: Facts) -> bytes:
        return digest(row)

    return Group(kind, now)


def _subject_now(row: Row, _: int, __: Facts) -> bytes:
    number, label, value, salt, kept, pseudonym = row
    if salt is None:
        if not pseudonym or value != pseudonym:
            raise Altered("the salt is gone, and nobody was erased")
    elif commitment(salt, label, value) != kept:
        raise Altered("the commitment is not that of this name")
    return digest((number, label, kept, pseudonym))


def _decided(row: Row, number: int, facts: Facts) -> bytes | None:
    return digest(row, facts.salts(Kind.APPROVAL, number, row)) if row[2] in {"granted", "declined"} else None


def _select(table: str, columns: Sequence[str]) -> str:
    return f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 - names of our own


CALLS = Table(
    "call",
    _select("call", (*OPENING, *ENDING)),
    (Group(Kind.OPENED, _opened_now), Group(Kind.CLOSED, _closed_now)),
    "id",
)
ATTEMPTS = Table(
    "attempt", _select("attempt", (*HOLD, *END)), (Group(Kind.HELD, _held_now), Group(Kind.SETTLED, _ended_now)), "id"
)


def _table(name: str, kind: Kind, columns: str, *, key: str = "id", salted: bool = True) -> Table:
    group = _salted(kind) if salted else _plain(kind)
    return Table(name, _select(name, columns.split()), (group,), key)


NUMBERED = (
    CALLS,
    ATTEMPTS,
    _table("adjustment", Kind.ADJUSTED, "id attempt at_ms by reason before after"),
    _table("account", Kind.ACCOUNT, "id budget value unit window"),
    _table("audit", Kind.EVENT, "id at_ms by action subject detail"),
    _table("stored_grant", Kind.GRANT, "id budget value unit window amount by reason at_ms"),
    Table(
        "approval",
        _select(
            "approval",
            ["id", "account", "state", "by", "decided_ms", "amount", "reason", "asked_ms", "expires_ms", "changed"],
        ),
        (Group(Kind.APPROVAL, _decided),),
        "id",
    ),
    Table(
        "audit_subject",
        _select("audit_subject", ("id", "label", "value", "salt", "commitment", "pseudonym")),
        (Group(Kind.SUBJECT, _subject_now),),
        "id",
    ),
    _table("audit_seal", Kind.SEAL, "number document", key="number", salted=False),
    _table("audit_base", Kind.BASE, "account posted", key="account", salted=False),
    _table("other_cost", Kind.OTHER_COST, "id run at_ms kind nanos by note once"),
)
"""Tables whose rows have a number."""
NAMED = (
    _table("stored_key", Kind.KEY, "name '' id document revoked_ms", key=""),
    _table("stored_budget", Kind.BUDGET, "name '' document", key=""),
    _table("gate", Kind.GATE, "name '' attempt at_ms detail acknowledged_by acknowledged_ms", key=""),
    _table("suspension", Kind.SUSPENSION, "label value until_ms by why at_ms lifted_ms changed", key=""),
    _table("outcome", Kind.OUTCOME, "run '' at_ms success score by note", key=""),
)
"""Tables whose rows are named by text: few rows, read whole."""
TABLES = {group.kind: table for table in (*NUMBERED, *NAMED) for group in table.groups}
"""Group → its table."""
SALTED = frozenset(TABLES) - {Kind.OPENED, Kind.CLOSED, Kind.HELD, Kind.SETTLED, Kind.SUBJECT, Kind.SEAL, Kind.BASE}
"""Groups whose rows always have a salt. That of `CLOSED` has one where it has words."""
_NAMING = {
    Kind.KEY: "name = ?", Kind.BUDGET: "name = ?", Kind.GATE: "name = ?", Kind.OUTCOME: "run = ?",
    Kind.SUSPENSION: "label = ? AND value = ?",
}  # fmt: skip


def row_of(connection: sqlite3.Connection, kind: Kind, *key: object) -> Row | None:
    """One row by its number or its names."""
    table = TABLES[kind]
    where = f"{table.key} = ?" if table.key else _NAMING[kind]
    query = f"{table.query} WHERE {where}"
    row: Row | None = connection.execute(query, key).fetchone()
    return row


def rows_of(connection: sqlite3.Connection, table: Table, after: int, until: int, limit: int) -> Iterator[Row]:
    """Rows of a numbered table by rising number, `after < number <= until`."""
    where = f"{table.key} > ? AND {table.key} <= ? ORDER BY {table.key} LIMIT ?"
    query = f"{table.query} WHERE {where}"
    return connection.execute(query, (after, until, limit))
