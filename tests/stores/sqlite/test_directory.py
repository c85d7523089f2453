"""The directory in the file: shared by processes, all or nothing, and honest when the file fails."""

import threading

import msgspec
import pytest

from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.key import Key
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.directory import SqliteDirectory

KEY = Key(id="k1", name="bot", digest="ab" * 32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "farthing.db"


@pytest.fixture
def directory(path):
    directory = SqliteDirectory(path, now_ms=lambda: 1_000)
    yield directory
    directory.close()


def test_two_directories_on_one_file_see_each_others_changes(path, directory):
    other = SqliteDirectory(path, now_ms=lambda: 2_000)
    directory.add_key(KEY, by="ada")
    assert other.version() == directory.version()
    assert other.load() == directory.load()
    other.close()


def test_a_secret_is_nowhere_in_the_file(path, directory):
    directory.add_key(KEY, by="ada")
    (document,) = open_database(path).execute("SELECT document FROM stored_key").fetchone()
    assert msgspec.json.decode(document).keys() == set(Key.__struct_fields__)  # no field beside the digest


def test_a_change_that_fails_half_way_leaves_nothing(path, directory):
    directory.put_budget(Budget(name="a"), by="ada")
    before = directory.load()
    breaker = open_database(path)
    breaker.execute("CREATE TRIGGER fail BEFORE INSERT ON audit BEGIN SELECT raise(FAIL, 'disk I/O error'); END")
    with pytest.raises(LedgerUnavailable, match="nothing was changed"):
        directory.put_budget(Budget(name="b", limits=((Unit.CALLS, 1),)), by="ada")
    assert directory.load() == before
    breaker.execute("DROP TRIGGER fail")
    breaker.close()
    directory.put_budget(Budget(name="b"), by="ada")
    assert [budget.name for budget in directory.load().budgets] == ["a", "b"]


def test_threads_take_turns_and_no_change_is_lost(directory):
    before = directory.version()
    threads = [
        threading.Thread(
            target=lambda n=n: [directory.put_budget(Budget(name=f"{n}.{i}"), by="ada") for i in range(10)]
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert directory.version() == before + 40
    assert len(directory.load().budgets) == 40
