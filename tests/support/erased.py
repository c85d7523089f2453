"""A name put wherever a store may hold one, and a look for its bytes in the files."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import msgspec

from farthing.billing.books import digest_of
from farthing.domain.ids import call_of
from farthing.domain.key import Key
from farthing.ports.alerts import Event
from farthing.ports.billing import BillLine, BillTerms, ClosedPeriod
from farthing.ports.content import Content
from farthing.stores.sqlite.alerts import SqliteOutbox
from farthing.stores.sqlite.billing import SqlitePeriods
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.content import SqliteContents, place_of
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.guards import SqliteGuards
from farthing.stores.sqlite.sums.runs import Part, write_part
from farthing.stores.sqlite.sums.tally import SUMS as SUMMED
from farthing.stores.sqlite.sums.tally import What
from support.audited import NOW_MS

HOSTILE = (
    'Zoë "x\\n" O\'Brien; DROP TABLE call--',
    "quux.o%zed_@example.org",
    "^(.*)[a-z]+$\\1",
    "[zorro*?]",
    "田中さくら",
    "naïve\tTab\nLine",
    "🦊 fox‍hound",
    "xylo\u202eph0ne",
)
SUMS = (
    "SELECT unit, count(*), sum(posted), sum(held), sum(unknown) FROM account GROUP BY unit",
    "SELECT sum(cost_nanos), sum(input_tokens), sum(output_tokens) FROM attempt",
    f"SELECT {', '.join(f'sum({name})' for name in SUMMED)} FROM cell",
    "SELECT count(*), sum(cost_nanos), sum(who <> 0) FROM run_total",
    "SELECT sum(cost_nanos), sum(attempts) FROM alert_hour",
    "SELECT unit, sum(amount) FROM stored_grant GROUP BY unit",
)
MONTH = "2026-12"


def user_of_all(path: Path, name: str, other: str) -> None:
    """Give somebody who is in the ledger another name, as if it had been theirs from the start: the chain begins anew."""
    with closing(open_database(path)) as connection:
        quoted = [msgspec.json.encode(each).decode() for each in (name, other)]
        connection.execute("UPDATE call SET labels = replace(labels, ?, ?)", quoted)
        connection.execute("UPDATE account SET value = ? WHERE value = ?", (other, name))
        for table in ("audit_link", "audit_salt", "audit_subject", "audit_seal"):
            connection.execute(f"DELETE FROM {table}")
    open_database(path).close()


def name_everywhere(path: Path, name: str) -> None:
    """In every table that may say it of somebody, as the store itself writes it, and in the texts that are kept."""
    _through_ports(path, name)
    labels = msgspec.json.encode({"team": "a", "user": name}).decode()
    with closing(open_database(path)) as connection:
        who = connection.execute(
            "INSERT INTO who (key, labels, narrow) VALUES ('k', ?, 0) RETURNING id", (labels,)
        ).fetchone()[0]
        connection.execute("UPDATE who SET narrow = id WHERE id = ?", (who,))
        connection.execute("INSERT INTO who_label VALUES ('user', ?, ?)", (name, who))
        connection.execute("INSERT INTO label_value VALUES ('user', ?)", (name,))
        connection.execute("INSERT INTO alert_hour VALUES ('user', 0, ?, 1, 7, 2, 1)", (name,))
        ones = ", ".join("3" for _ in SUMMED)
        for family, narrow, its in ((1, who, 0), (2, who, who)):
            connection.execute(f"INSERT INTO cell VALUES ({family}, 300000, {narrow}, 0, {its}, 1, {ones})")
        part = write_part(_part(labels))
        connection.execute("INSERT INTO run_part VALUES (300000, 0, ?, ?)", (f"run {who}", part))
        connection.execute("INSERT INTO run_total VALUES (?, 1, 2, ?, ?, 1, '', 5, ?)", (f"run {who}", who, who, part))
        notes = msgspec.json.encode({"spent": [[["chat", "openai", name], 5]]})
        connection.execute("INSERT INTO follower VALUES (?, '', 0, ?)", (f"tally {who}", notes))
        connection.execute("INSERT INTO alert_fired VALUES ('users', ?, '', 1)", (f"user {name}",))


def _through_ports(path: Path, name: str) -> None:
    directory, guards = (made(path, now_ms=lambda: NOW_MS) for made in (SqliteDirectory, SqliteGuards))
    alerts, periods, contents = SqliteOutbox(path), SqlitePeriods(path), SqliteContents(place_of(path))
    try:
        key = Key(name=f"key of {len(name)}", id=f"id {name[:2]}", digest="d", labels=(("team", "a"), ("user", name)))
        directory.add_key(key, f"{name} at the desk")
        directory.revoke_key(key.name, name)
        guards.start(f"run of {len(name)}", by="bot", labels=(("user", name),), who=f"the bot of\n{name}")
        alerts.note(Event(kind="loop", at_ms=NOW_MS, subject=f"user={name}", detail=f"said:\n{name}, again"))
        if not periods.closed():
            lines = (_line(name),)
            periods.keep(_period(lines, name), lines)
        with closing(open_database(path)) as connection:
            found = connection.execute("SELECT id FROM call WHERE json_extract(labels, '$.user') = ?", (name,))
            calls = [call_of(number) for (number,) in found]
        contents.put(tuple(Content(call=call, at_ms=1, request=f"I am {name}", answer=name) for call in calls[:1]))
    finally:
        for each in (directory, guards, alerts, periods, contents):
            each.close()


def _line(name: str) -> BillLine:
    return BillLine(
        start_ms=0, end_ms=1, labels=("a", name), provider="openai", model="m", tier="", meter="estimated", each=0,
        list_each=0, quantity=1, picos=12_345,
    )  # fmt: skip


def _period(lines: tuple[BillLine, ...], name: str) -> ClosedPeriod:
    return ClosedPeriod(
        month=MONTH, closed_ms=NOW_MS, by=name, terms=BillTerms(labels=("user",)), lines=1, picos=12_345,
        corrections_picos=0, digest=digest_of(lines),
    )  # fmt: skip


def _part(labels: str) -> Part:
    return Part(
        first_id=1, first_ms=1, last_ms=2, key="k", labels=labels, tried=0, what=What("", "m", "", "", "", ""),
        prompt_id=0, prompt="", models=(), largest_input_tokens=1, sums=tuple(1 for _ in SUMMED),
    )  # fmt: skip


def bytes_left(path: Path, name: str) -> list[str]:
    """Where bytes of a name stand: in pages of either file and their logs, and in what they keep compressed."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        packed = [zlib.decompress(lines) for (lines,) in connection.execute("SELECT lines FROM billing_period")]
    with closing(sqlite3.connect(place_of(path))) as connection:
        packed += [zlib.decompress(document) for (document,) in connection.execute("SELECT document FROM content")]
    forms = [each.encode() for each in (name, msgspec.json.encode(name).decode()[1:-1])]
    files = [file for file in path.parent.iterdir() if file.is_file()]
    found = [file.name for file in files if any(form in file.read_bytes() for form in forms)]
    return found + ["compressed" for text in packed if any(form in text for form in forms)]
