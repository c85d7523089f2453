"""Reading calls in pages."""

from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.sums import pages as module
from farthing.stores.sqlite.sums.pages import pages, prompt_of
from farthing.stores.sqlite.sums.spans import Horizon
from support.pasts import DAY_MS
from support.recorded import a_call, write

DAY = EPOCH_MS + DAY_MS
HORIZON = Horizon(0, 0, 60_000)


def test_every_call_of_a_time_comes_once_with_all_its_attempts(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 3)
    connection = open_database(tmp_path / "f.db")
    for number in range(10):
        write(connection, a_call(number, at_ms=DAY + number, attempts=({}, {"state": "void"})[: number % 3]))
    handle = Handle(lambda: open_database(tmp_path / "f.db"))
    found = [row for rows in pages(handle.reading, HORIZON, DAY + 1, DAY + 9) for row in rows]
    assert [row[1] - DAY for row in found] == [1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8]
    assert list(pages(handle.reading, HORIZON, DAY + 20, DAY + 30)) == []
    handle.close()
    connection.close()


def test_the_prompt_of_a_call_is_that_of_its_skeleton(tmp_path):
    connection = open_database(tmp_path / "f.db")
    call = a_call(1)
    write(connection, call)
    assert prompt_of(connection, call.opening.id) == ""
    connection.execute("UPDATE call SET skeleton = ?", (b'{"messages":[],"prompt_digest":"p1"}',))
    assert prompt_of(connection, call.opening.id) == "p1"
    assert prompt_of(connection, 17) == ""
    connection.close()
