"""Reading the file: in pages that add up, without a transaction left open, and without writing."""

import pytest

from farthing.domain.budget import Unit
from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite import records as module
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.records import SqliteRecords
from support.recorded import DAY_MS, TEAM, a_call, call_id, write

AT = EPOCH_MS + DAY_MS


@pytest.fixture
def path(tmp_path):
    return tmp_path / "farthing.db"


@pytest.fixture
def connection(path):
    connection = open_database(path)
    yield connection
    connection.close()


@pytest.fixture
def records(path, connection):
    records = SqliteRecords(path)
    yield records
    records.close()


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(module, "PAGE", 7)


def test_sums_are_the_same_however_many_pages_they_take(connection, records, monkeypatch):
    for number in range(50):
        write(connection, a_call(number, labels=(("team", "ab"[number % 2]),), attempts=({}, {"model": "small"})))
    asked = {"by": ("team", "model"), "since_ms": 0, "until_ms": 2**53}
    whole = records.usage(**asked)
    for size in (1, 7, 49, 50):
        monkeypatch.setattr(module, "PAGE", size)
        assert records.usage(**asked) == whole


@pytest.mark.usefixtures("small_pages")
def test_a_rare_call_is_found_many_pages_back(connection, records):
    for number in range(50):
        write(connection, a_call(number, key="rare" if number in {2, 3} else ""))
    assert [line.id for line in records.recent(limit=1, key="rare")] == [call_id(3, AT)]
    assert [line.id for line in records.recent(limit=5, key="rare")] == [call_id(3, AT), call_id(2, AT)]


@pytest.mark.usefixtures("small_pages")
def test_ratios_look_at_a_bounded_past(connection, records, monkeypatch):
    monkeypatch.setattr(module, "RATIO_PAST", 14)
    for number in range(20):
        write(connection, a_call(number, attempts=({},)))
    assert len(list(records.ratios())) == 14


@pytest.mark.usefixtures("small_pages")
def test_accounts_are_shown_as_the_file_has_them(connection, records):
    for number in range(20):
        connection.execute(
            "INSERT INTO account (budget, value, unit, window, closes_ms, posted, held, unknown) "
            "VALUES (?, ?, 'calls', 'lifetime', 9, ?, 2, 3)",
            (f"b{number % 2}", f"{number:02}", number),
        )
    every = records.accounts()
    assert len(every) == 20
    assert [standing.account for standing in every] == sorted(standing.account for standing in every)
    (one,) = (standing for standing in records.accounts("b1") if standing.posted == 19)
    assert (one.account.value, one.account.unit, one.held, one.unknown, one.closes_ms) == ("19", Unit.CALLS, 2, 3, 9)
    assert one.limit is None
    assert len(records.accounts("b0")) == 10
    assert records.accounts("none") == ()


def test_reading_leaves_no_transaction_that_would_keep_the_log_from_shrinking(connection, records):
    write(connection, a_call(1, attempts=({},)))
    records.call(call_id(1, AT))
    records.recent(limit=10)
    records.usage(by=("key",), since_ms=0, until_ms=2**53)
    ratios = iter(records.ratios())
    next(ratios)  # even one that is not read to its end
    write(connection, a_call(2, attempts=({},)))
    assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)


def test_shares_name_their_accounts(connection, records):
    write(connection, a_call(1, attempts=({},)))
    (attempt,) = records.call(call_id(1, AT)).attempts
    assert [(share.account, share.amount) for share in attempt.shares] == [(TEAM, 1_000)]
