"""Rows beside calls: reasons and titles lose the name, and another label's equal value keeps it."""

from farthing.stores.sqlite.chain.batch import Batch
from farthing.stores.sqlite.chain.links import Chain
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.forgetting.rows import Erasing, rewrite_rows
from support.audited import fill


def test_only_accounts_that_their_calls_were_charged_on_are_renamed(tmp_path):
    fill(tmp_path / "a.db")
    connection = open_database(tmp_path / "a.db")
    connection.execute(
        "INSERT INTO account (budget, value, unit, window, closes_ms) VALUES ('teams', 'user 1', 'usd', 'x', 0)"
    )
    (number,) = connection.execute("SELECT id FROM account WHERE budget = 'user' AND value = 'user 1'").fetchone()
    found = rewrite_rows(connection, Batch(connection, Chain()), Erasing("user", "user 1", "P"), {number})
    assert found["account"] == 1
    assert connection.execute("SELECT budget FROM account WHERE value = 'user 1'").fetchall() == [("teams",)]
    assert connection.execute("SELECT value, why FROM suspension").fetchall() == [("P", "P asked")]
    assert connection.execute("SELECT reason FROM stored_grant").fetchall() == [("for P",)]
    connection.close()
