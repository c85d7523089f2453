"""Rows become records, whatever the ledger left empty in them."""

from farthing.domain.ids import EPOCH_MS
from farthing.domain.record import Skeleton
from farthing.domain.usage import Usage
from farthing.ports.records import Share
from farthing.stores.sqlite import queries, record_rows
from farthing.stores.sqlite.connect import open_database
from support.recorded import DAY_MS, a_call, call_id, write

ID = call_id(1, EPOCH_MS + DAY_MS)


def read_back(tmp_path, record, *changes):
    connection = open_database(tmp_path / "farthing.db")
    write(connection, record)
    for change in changes:
        connection.execute(change)
    row = connection.execute(queries.CALL, (ID,)).fetchone()
    attempts = connection.execute(queries.ATTEMPTS, (ID, ID)).fetchall()
    connection.close()
    accounts = dict.fromkeys(record_rows.accounts_in(attempts), "account")
    return record_rows.call_record(row, attempts, (), accounts)


def test_a_call_without_a_skeleton_has_an_empty_one(tmp_path):
    call = read_back(tmp_path, a_call(1), "UPDATE call SET skeleton = x''")
    assert call.skeleton == Skeleton()


def test_what_an_unsettled_attempt_left_empty_reads_as_nothing_known(tmp_path):
    record = a_call(1, closing="", attempts=({"state": "held"},))
    blank = "UPDATE attempt SET flags = NULL, source = NULL, reason = NULL, remainder_picos = NULL, finish = NULL"
    (attempt,) = read_back(tmp_path, record, blank).attempts
    assert (attempt.flags, attempt.source, attempt.reason, attempt.finish) == ((), "", "", "")
    assert (attempt.usage, attempt.cost_nanos, attempt.remainder_picos) == (None, None, 0)


def test_an_estimate_has_usage_even_where_nothing_was_seen(tmp_path):
    record = a_call(1, attempts=({"source": "estimate"},))
    blank = "UPDATE attempt SET " + ", ".join(f"{field} = NULL" for field in Usage.__struct_fields__)
    (attempt,) = read_back(tmp_path, record, blank).attempts
    assert attempt.usage == Usage()


def test_the_ledgers_own_charges_have_more_columns_than_a_share_needs(tmp_path):
    record = a_call(1, attempts=({},))
    (attempt,) = read_back(
        tmp_path, record, "UPDATE attempt SET charges = '[[1, 12, 1, 1000, null]]', posted = '[9]'"
    ).attempts
    assert attempt.shares == (Share("account", 12, 9),)
