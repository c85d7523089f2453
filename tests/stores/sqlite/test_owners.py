"""Owners: a slot is held by a lock that dies with its process, and by nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from farthing.domain.errors import StoreBroken
from farthing.domain.ids import Mint
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.owners import Owner, largest_id, lock_directory, lock_if_dead

HOLD_A_SLOT = """
import sys, pathlib
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.owners import Owner
path = pathlib.Path(sys.argv[1])
owner = Owner.acquire(path, open_database(path), what="child", now_ms=1)
print(owner.slot, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "farthing.db"


@pytest.fixture
def connection(path):
    connection = open_database(path)
    yield connection
    connection.close()


def take(path, connection, what="test"):
    return Owner.acquire(path, connection, what=what, now_ms=1_800_000_000_000)


def child_with_a_slot(path) -> tuple[subprocess.Popen, int]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_SLOT, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return child, int(child.stdout.readline())


def bury(child: subprocess.Popen) -> None:
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()


def test_two_ledgers_in_one_process_get_two_slots(path, connection):
    first, second = take(path, connection), take(path, connection)
    assert (first.slot, second.slot) == (0, 1)
    first.release()
    second.release()


def test_a_released_slot_is_taken_again_and_its_row_says_by_whom(path, connection):
    take(path, connection, "before").release()
    owner = take(path, connection, "after")
    assert owner.slot == 0
    assert connection.execute("SELECT slot, pid, what FROM owner").fetchall() == [(0, os.getpid(), "after")]
    owner.release()


def test_releasing_twice_does_not_free_someone_elses_slot(path, connection):
    first = take(path, connection)
    first.release()
    second = take(path, connection)
    first.release()
    with lock_if_dead(path, second.slot) as dead:
        assert not dead
    second.release()


def test_a_slot_is_counted_by_the_file_whatever_name_it_goes_by(path, connection):
    owner = take(path, connection)
    other_name = path.with_name("alias.db")
    other_name.symlink_to(path)
    assert lock_directory(other_name) == lock_directory(path)
    with lock_if_dead(other_name, owner.slot) as dead:
        assert not dead
    owner.release()


def test_kill_frees_the_slot_of_a_process(path, connection):
    child, slot = child_with_a_slot(path)
    try:
        with lock_if_dead(path, slot) as dead:
            assert not dead
    finally:
        bury(child)
    assert child.returncode == -signal.SIGKILL
    with lock_if_dead(path, slot) as dead:
        assert dead


def test_a_slot_under_recovery_cannot_be_taken(path, connection):
    child, slot = child_with_a_slot(path)
    bury(child)
    with lock_if_dead(path, slot) as dead:
        assert dead
        with lock_if_dead(path, slot) as dead_for_another:
            assert not dead_for_another
        newcomer = take(path, connection)
        assert newcomer.slot != slot
    newcomer.release()


def test_a_forked_child_does_not_keep_its_parents_lock(path, connection):
    owner = take(path, connection)
    report, tell = os.pipe()
    stay, leave = os.pipe()
    pid = os.fork()
    if pid == 0:  # the child outlives the parent's ownership
        os.close(leave)
        os.write(tell, b"alive" if owner.alive else b"gone")
        os.read(stay, 1)
        os._exit(0)
    assert os.read(report, 5) == b"gone"
    assert owner.alive
    with lock_if_dead(path, owner.slot) as dead:  # the child closing its copy did not free ours
        assert not dead
    owner.release()
    with lock_if_dead(path, owner.slot) as dead:  # and its living on does not keep it
        assert dead
    os.write(leave, b"x")
    assert os.waitpid(pid, 0)[1] == 0
    for end in (report, tell, stay, leave):
        os.close(end)


def test_a_program_started_by_us_does_not_inherit_the_lock(path, connection):
    owner = take(path, connection)
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, close_fds=False)
    owner.release()
    with lock_if_dead(path, owner.slot) as dead:
        assert dead
    child.stdin.close()
    child.wait()


def test_lock_files_that_cannot_be_made_are_refused_with_what_to_do(path, connection):
    lock_directory(path).write_text("in the way")
    with pytest.raises(StoreBroken, match="check its owner and mode"):
        take(path, connection)


def test_the_largest_id_is_of_calls_and_attempts_together(connection):
    assert largest_id(connection) == 0
    connection.execute(
        "INSERT INTO call (id, arrived_ms, key, labels, dialect, route, model, streamed, skeleton) "
        "VALUES (4096, 1, '', '{}', '', '', '', 0, x'')"
    )
    assert largest_id(connection) == 4096
    connection.execute(
        "INSERT INTO attempt (id, owner, state, provider, model, book, bound, input_bound, text_bytes, cap, opened_ms,"
        " choices, charges) VALUES (4097, 0, 0, '', '', '', 'bytes', 1, 1, 1, 1, 1, '[]')"
    )
    assert largest_id(connection) == 4097
    assert Mint(3, largest_id(connection))(0) > 4097
