"""A disk that fails, fills up, is read-only or locked: nothing is admitted, nothing is lost, and it goes on afterwards."""

import asyncio
import random
import resource
import sqlite3
from contextlib import contextmanager

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Reserved
from farthing.domain.ids import Mint
from farthing.stores.sqlite import connect as connecting
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.ledger import SqliteLedger
from support.faults import Faults, disk_full, io_error, read_only
from support.ledger_work import (
    BUDGETS,
    HELD,
    NOW_MS,
    SETTLED,
    VOID,
    a_reserve,
    a_settlement,
    contents,
    wrong_sums,
)

WRITES = {"INSERT", "UPDATE", "DELETE"}


class Scene:
    """One ledger on a file whose failures can be arranged."""

    def __init__(self, path, faults):
        self.path = path
        self.faults = faults
        self.chance = random.Random(1)
        self.ledger = SqliteLedger.open(path, clock=lambda: NOW_MS, connect=faults.connect)
        self.ledger.adopt(BUDGETS, ())
        self.mint = Mint(self.ledger.slot)

    def ask(self):
        return a_reserve(self.mint(NOW_MS), self.chance)

    async def hold(self) -> int:
        ask = self.ask()
        assert isinstance(await self.ledger.reserve(ask), Reserved)
        return ask.opening.id

    async def hold_once_it_works_again(self) -> int:
        """The ledger tries a broken file again every quarter of a second."""
        async with asyncio.timeout(10):
            while True:
                try:
                    return await self.hold()
                except LedgerUnavailable:
                    await asyncio.sleep(0.02)

    def states(self) -> dict[int, int]:
        connection = sqlite3.connect(self.path)
        found = dict(connection.execute("SELECT id, state FROM attempt"))
        connection.close()
        return found

    def sums_are_right(self) -> bool:
        connection = sqlite3.connect(self.path)
        wrong = wrong_sums(connection)
        connection.close()
        assert not wrong
        return True


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path / "farthing.db", Faults())
    yield scene
    scene.faults.disarm()
    scene.ledger.close_now()


@contextmanager
def files_no_larger_than(size: int):
    """The operating system's own way to say that there is no more room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("fault", [io_error, disk_full, read_only])
@pytest.mark.parametrize("verb", ["BEGIN", "INSERT", "COMMIT"])
def test_nothing_is_admitted_while_the_file_cannot_be_written_and_work_goes_on_after(scene, fault, verb):
    """I8, the ledger's half: without a durable reserve there is no yes."""

    async def run():
        before = await scene.hold()
        scene.faults.arm(lambda seen, _: seen == verb, fault)
        for _ in range(3):
            with pytest.raises(LedgerUnavailable, match="nothing was sent"):
                await scene.ledger.reserve(scene.ask())
        scene.faults.disarm()
        after = await scene.hold_once_it_works_again()
        assert scene.states() == {before: HELD, after: HELD}
        assert scene.sums_are_right()

    asyncio.run(run())


def test_a_reserve_is_on_all_its_accounts_or_on_none_wherever_it_is_interrupted(scene):
    """I4: an error between any two rows of the batch."""

    async def run():
        scene.ask = lambda: a_reserve(
            scene.mint(NOW_MS), random.Random(1)
        )  # each writes the same rows as the one before
        await scene.hold()
        scene.faults.arm(lambda verb, place: False)
        await scene.hold()
        places = [place for place, verb in enumerate(scene.faults.seen) if verb in WRITES]
        assert len(places) >= 4  # accounts, call, attempt: there is a between
        for place in places:
            before = contents(scene.path)
            scene.faults.arm(lambda verb, at, place=place: at == place, io_error)
            with pytest.raises(LedgerUnavailable):
                await scene.ledger.reserve(scene.ask())
            assert contents(scene.path) == before
            scene.faults.disarm()
            await scene.hold_once_it_works_again()
            assert scene.sums_are_right()

    asyncio.run(run())


def test_a_commit_that_was_written_but_reported_as_failed_holds_nothing_in_the_end(scene):
    async def run():
        before = await scene.hold()
        scene.faults.arm(lambda verb, _: verb == "COMMIT", io_error, after=True)
        doubtful = scene.ask()
        with pytest.raises(LedgerUnavailable):
            await scene.ledger.reserve(doubtful)
        scene.faults.disarm()
        after = await scene.hold_once_it_works_again()
        await scene.ledger.flush()
        assert scene.states() == {before: HELD, doubtful.opening.id: VOID, after: HELD}
        assert scene.sums_are_right()

    asyncio.run(run())


@pytest.mark.parametrize("after", [False, True], ids=["not written", "written but reported as failed"])
def test_a_settlement_told_while_the_file_fails_is_kept_and_posted_once_it_works(scene, after):
    async def run():
        attempt = await scene.hold()
        scene.faults.arm(lambda verb, _: verb == "COMMIT", io_error, after=after)
        settlement = a_settlement(attempt, scene.chance)
        scene.ledger.settle(settlement)
        with pytest.raises(LedgerUnavailable):
            await scene.ledger.flush()
        scene.faults.disarm()
        await scene.hold_once_it_works_again()
        await scene.ledger.flush()
        assert scene.states()[attempt] == SETTLED
        assert scene.sums_are_right()

    asyncio.run(run())


def test_a_full_disk_refuses_and_space_lets_it_go_on(scene):
    """F7, by the operating system's own limit on the size of files."""

    async def run():
        held = {await scene.hold()}

        async def fill():
            for _ in range(100):
                held.add(await scene.hold())

        room = scene.path.with_name("farthing.db-wal").stat().st_size + 1_000
        with files_no_larger_than(room):
            with pytest.raises(LedgerUnavailable, match="nothing was sent"):
                await fill()
            with pytest.raises(LedgerUnavailable):
                await scene.ledger.reserve(scene.ask())
        held.add(await scene.hold_once_it_works_again())
        assert {attempt for attempt, state in scene.states().items() if state == HELD} == held
        assert scene.sums_are_right()

    asyncio.run(run())


def test_a_file_locked_by_another_program_refuses_and_goes_on_when_it_is_free(tmp_path, monkeypatch):
    """F10."""
    monkeypatch.setattr(connecting, "BUSY_SECONDS", 0.05)
    scene = Scene(tmp_path / "farthing.db", Faults())

    async def run():
        before = await scene.hold()
        other = open_database(scene.path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable, match="locked"):
            await scene.ledger.reserve(scene.ask())
        other.execute("ROLLBACK")
        other.close()
        after = await scene.hold_once_it_works_again()
        assert scene.states() == {before: HELD, after: HELD}

    asyncio.run(run())
    scene.ledger.close_now()


def test_everybody_who_waits_in_a_failing_batch_is_told(scene):
    async def run():
        scene.faults.arm(lambda verb, _: verb == "COMMIT", io_error)
        answers = await asyncio.gather(*(scene.ledger.reserve(scene.ask()) for _ in range(20)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {LedgerUnavailable}
        scene.faults.disarm()
        only = await scene.hold_once_it_works_again()
        assert scene.states() == {only: HELD}
        assert scene.sums_are_right()

    asyncio.run(run())
