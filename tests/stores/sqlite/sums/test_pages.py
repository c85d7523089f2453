"""Reading calls in pages."""

from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.sums import pages as module
from farthing.stores.sqlite.sums.pages import pages, prompts_of
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


def test_the_prompts_of_calls_are_those_of_their_skeletons(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SKELETONS", 2)
    connection = open_database(tmp_path / "f.db")
    calls = [a_call(number) for number in range(5)]
    for call in calls:
        write(connection, call)
    numbers = [call.opening.id for call in calls]
    for place, skeleton in ((1, b""), (2, b'{"messages":[],"prompt_digest":"p2"}'), (4, b'{"prompt_digest":"p4"}')):
        connection.execute("UPDATE call SET skeleton = ? WHERE id = ?", (skeleton, numbers[place]))
    handle = Handle(lambda: open_database(tmp_path / "f.db"))
    assert prompts_of(handle.reading, [*numbers, 17]) == {numbers[2]: "p2", numbers[4]: "p4"}
    handle.close()
    connection.close()


def test_calls_with_a_value_are_found_among_all(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SEARCHED", 3)
    connection = open_database(tmp_path / "f.db")
    runs = ["a", "ab", 'a"b', "a", "é"]
    for number, run in enumerate(runs):
        write(connection, a_call(number, at_ms=DAY + number, labels=(("run", run),), attempts=({}, {"state": "void"})))
    handle = Handle(lambda: open_database(tmp_path / "f.db"))
    for run in set(runs):
        found = [row[1] - DAY for rows in pages(handle.reading, HORIZON, DAY, DAY + 9, run) for row in rows]
        assert found == [place for place, name in enumerate(runs) for _ in range(2) if name == run]
    handle.close()
    connection.close()
