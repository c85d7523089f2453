"""Whose calls they are: found by their label alone, page by page."""

from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.forgetting.calls import newest_page, open_attempts, pages
from farthing.stores.sqlite.forgetting.rows import Erasing
from support.audited import NOW_MS, fill


def test_calls_are_found_by_the_label_alone(tmp_path):
    fill(tmp_path / "a.db")
    connection = open_database(tmp_path / "a.db")
    users = [f"user {number}" for number in range(5)]
    found = [pages(connection, Erasing("user", user, "P"), 0) for user in users]
    assert sum(len(calls) for calls, _ in found) == connection.execute("SELECT count(*) FROM call").fetchone()[0]
    assert {after for _, after in found} == {None}
    assert pages(connection, Erasing("team", "user 1", "P"), 0)[0] == []
    assert newest_page(connection, Erasing("user", "user 1", "P"), NOW_MS) == found[1][0]
    still_open = sum(open_attempts(connection, Erasing("user", user, "P")) for user in users)
    assert still_open == connection.execute("SELECT count(*) FROM attempt WHERE state < 2").fetchone()[0]
    connection.close()
