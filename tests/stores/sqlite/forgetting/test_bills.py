"""Closed months: lines lose the name, keep their amounts, and get a digest of their own."""

from farthing.billing.books import digest_of
from farthing.stores.sqlite.billing import SqlitePeriods
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.forgetting.bills import rewrite_bills
from farthing.stores.sqlite.forgetting.rows import Erasing
from support.erased import MONTH, name_everywhere


def test_a_line_is_renamed_and_the_digest_fits_what_is_kept(tmp_path):
    path = tmp_path / "a.db"
    name_everywhere(path, "alice")
    connection = open_database(path)
    assert rewrite_bills(connection, Erasing("user", "bob", "P")) == 0
    assert rewrite_bills(connection, Erasing("user", "alice", "P")) == 1
    assert rewrite_bills(connection, Erasing("user", "alice", "P")) == 0
    connection.close()
    periods = SqlitePeriods(path)
    (line,), (period,) = periods.told(MONTH), periods.closed()
    periods.close()
    assert (line.labels[1], line.picos, period.picos) == ("P", 12_345, 12_345)
    assert period.by == "P"
    assert period.digest == digest_of((line,))
