"""What is left of a name: counted by table, page by page, whole words only."""

from functools import partial

import pytest

from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.forgetting import left as module
from farthing.stores.sqlite.forgetting.left import left
from farthing.stores.sqlite.forgetting.rows import Erasing
from farthing.stores.sqlite.handle import Handle
from support.audited import fill


@pytest.mark.parametrize("page", [1, 7, 20_000])
def test_rows_are_counted_by_table_whatever_the_size_of_a_page(tmp_path, page, monkeypatch):
    monkeypatch.setattr(module, "PAGE", page)
    fill(tmp_path / "a.db")
    handle = Handle(partial(open_database, tmp_path / "a.db"))
    with handle.reading() as connection:
        calls = connection.execute("SELECT count(*) FROM call WHERE instr(labels, 'user 1\"')").fetchone()[0]
    found = left(handle, Erasing("user", "user 1", "P"))
    assert found["call"] >= calls > 0
    assert {"account", "stored_grant", "suspension"} <= found.keys()
    assert left(handle, Erasing("user", "ser 1", "P")) == {}
    assert "call" not in left(handle, Erasing("user", "nobody", "P"))
    handle.close()
