"""The outbox in the file beside its contract suite: durable, one winner among processes, and no secret in it."""

import sqlite3
import subprocess
import sys

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.ports.alerts import Address
from farthing.stores.sqlite.alerts import SqliteOutbox
from farthing.stores.sqlite.connect import open_database
from support.alerting import HOOK, LOG, NOON, an_alert

RACE = """
import pathlib, sys
sys.path.insert(0, sys.argv[2])
from farthing.stores.sqlite.alerts import SqliteOutbox
from support.alerting import HOOK, LOG, NOON, an_alert
outbox = SqliteOutbox(pathlib.Path(sys.argv[1]))
outbox.fired("")
print("ready", flush=True)
sys.stdin.readline()
told = [outbox.tell(an_alert(f"s{n}"), (LOG, HOOK)) for n in range(40)]
print(sum(alert is not None for alert in told), flush=True)
sys.stdin.readline()
taken = []
while (parcel := outbox.claim({LOG.digest, HOOK.digest}, NOON, 60_000)) is not None:
    taken.append(parcel.delivery)
    outbox.sent(parcel, NOON)
print(*taken, flush=True)
outbox.close()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "farthing.db"


@pytest.fixture
def outbox(path):
    outbox = SqliteOutbox(path)
    yield outbox
    outbox.close()


def test_of_processes_that_see_the_same_crossings_one_tells_and_one_delivers_each(path, outbox, request):
    outbox.fired("")
    tests = str(request.config.rootpath / "tests")
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", RACE, str(path), tests],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * 2
    told = together(children)
    taken = together(children)
    for child in children:
        child.stdin.close()
        assert child.wait(timeout=30) == 0
        child.stdout.close()
    assert sum(map(int, told)) == 40
    parcels = [number for line in taken for number in line.split()]
    assert len(parcels) == len(set(parcels)) == 80


def together(children):
    """Let all of them go on at once; what each then says."""
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    return [child.stdout.readline() for child in children]


def test_what_was_told_survives_the_process_and_is_delivered_by_the_next(path, outbox):
    told = outbox.tell(an_alert("bob"), (LOG, HOOK))
    outbox.failed(outbox.claim({HOOK.digest}, NOON, 1_000), "it answered 500", NOON + 5, NOON)
    outbox.close()
    after = SqliteOutbox(path)
    assert after.tell(an_alert("bob"), (LOG, HOOK)) is None
    assert after.claim({LOG.digest}, NOON, 1_000).alert.id == told.id
    parcel = after.claim({HOOK.digest}, NOON + 5, 1_000)
    assert (parcel.attempt, parcel.alert.deliveries[1].last_error) == (2, "it answered 500")
    after.close()


def test_who_acknowledged_is_in_the_audit_trail(path, outbox):
    told = outbox.tell(an_alert(), ())
    outbox.acknowledge(told.id, "ada", NOON)
    outbox.acknowledge(told.id, "bob", NOON)
    connection = open_database(path)
    rows = connection.execute("SELECT at_ms, by, action, subject FROM audit").fetchall()
    connection.close()
    assert rows == [(NOON, "ada", "alert.acknowledge", str(told.id))]


def test_nothing_due_takes_no_right_to_write(path, outbox):
    outbox.tell(an_alert(), (Address("elsewhere", "https://gone.example.com"),))
    writer = open_database(path)
    writer.execute("BEGIN IMMEDIATE")
    assert outbox.claim({LOG.digest}, NOON, 1_000) is None
    assert outbox.bury(NOON, NOON) == 0
    assert outbox.recent(limit=1)
    writer.execute("ROLLBACK")
    writer.close()


def test_a_disk_that_fails_is_told_and_nothing_is_kept(path):
    class Failing:
        def __init__(self, connection):
            self._connection = connection

        def __getattr__(self, name):
            return getattr(self._connection, name)

        def executemany(self, query, rows):
            raise sqlite3.OperationalError("disk I/O error")

    outbox = SqliteOutbox(path, connect=lambda *args, **more: Failing(sqlite3.connect(*args, **more)))
    with pytest.raises(LedgerUnavailable, match="disk I/O error"):
        outbox.tell(an_alert(), (LOG,))
    assert outbox.recent(limit=9) == ()
    outbox.close()
