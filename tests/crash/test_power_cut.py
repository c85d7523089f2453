"""Power cuts at any write: whatever the ledger acknowledged is there afterwards, and nothing sent is free.

The harness is held to account as well: with a weaker `synchronous` it must see promises broken.
"""

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from farthing.domain.errors import StoreBroken
from farthing.domain.ids import Mint
from farthing.stores.sqlite.chain.verify import verify
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.ledger import SqliteLedger
from support.ledger_work import BUDGETS, DUE_MS, NOW_MS, broken_promises, contents, work, wrong_sums
from support.powercut import Image, Recorder, images

NAME = "farthing.db"


@pytest.fixture
def tmp_path(tmp_path_factory):
    """The disk here is a recorded one; the files that are put together from its log may be in memory."""
    return tmp_path_factory.mktemp("cuts")


def record(folder: Path, *, synchronous: str, calls: int, seed: int) -> list:
    """The log of a ledger at work, with checkpoints in between."""
    recorder = Recorder(f"recorded-{synchronous}-{seed}", synchronous)
    path = folder / NAME

    async def run():
        ledger = SqliteLedger.open(path, clock=lambda: NOW_MS, connect=recorder.connect)
        ledger.adopt(BUDGETS, ())
        copier = open_database(path, connect=recorder.connect)
        mint = Mint(ledger.slot)
        for part in range(4):
            await work(ledger, mint, calls=calls // 4, seed=seed + part, say=recorder.ack)
            await asyncio.to_thread(copier.execute, "PRAGMA wal_checkpoint(PASSIVE)")
        log = list(recorder.log)
        await ledger.close()
        return log

    try:
        return asyncio.run(run())
    finally:
        recorder.close()


def flaws(folder: Path, image: Image) -> list[str]:
    """What is wrong with a ledger that starts from this image."""
    folder.mkdir()
    for name, content in image.files.items():
        (folder / name).write_bytes(content)
    path = folder / NAME
    try:
        recover(path)
    except (StoreBroken, sqlite3.Error) as error:
        return [f"does not open: {error}"]
    connection = sqlite3.connect(path)
    try:
        found = broken_promises(connection, image.promises) + wrong_sums(connection)
        integrity = connection.execute("PRAGMA integrity_check").fetchall()
    finally:
        connection.close()
    return found + [text for (text,) in integrity if text != "ok"] + broken_links(path)


def broken_links(path: Path) -> list[str]:
    """Where the audit's chain does not say what the rows say."""
    try:
        return [f"{found.table}: {found.what}" for found in verify(path, now_ms=lambda: NOW_MS).findings]
    except StoreBroken as error:
        return [str(error)]


def recover(path: Path) -> None:
    ledger = SqliteLedger.open(path, clock=lambda: NOW_MS, unknown_after_ms=DUE_MS - NOW_MS)
    ledger.close_now()


def broken_images(tmp_path: Path, *, synchronous: str, count: int, seed: int, calls: int) -> dict[int, list[str]]:
    log = record(tmp_path, synchronous=synchronous, calls=calls, seed=seed)
    found = {}
    for image in images(log, count, seed, start={NAME: b""}):
        what = flaws(tmp_path / f"image{image.number}", image)
        if what:
            found[image.number] = what
    return found


@pytest.mark.slow
def test_500_power_cuts_lose_nothing_that_was_acknowledged(tmp_path):
    """I2, I3, I9, I10."""
    seed = random.randrange(2**32)
    broken = broken_images(tmp_path, synchronous="FULL", count=500, seed=seed, calls=400)
    assert not broken, f"seed {seed}: {len(broken)} of 500 images: {next(iter(broken.items()))}"


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_same_cuts_do_break_promises_made_without_fsync(tmp_path, synchronous):
    broken = broken_images(tmp_path, synchronous=synchronous, count=20, seed=1, calls=80)
    assert len(broken) >= 5
    assert any(
        "was granted and is gone" in flaw or "does not open" in flaw for what in broken.values() for flaw in what
    )


def test_recovery_from_a_power_cut_is_the_same_however_often_it_is_done(tmp_path):
    """I11, with no network in reach of it."""
    log = record(tmp_path, synchronous="FULL", calls=60, seed=7)
    for image in images(log, 10, 7, start={NAME: b""}):
        folder = tmp_path / f"image{image.number}"
        assert flaws(folder, image) == []
        once = contents(folder / NAME)
        recover(folder / NAME)
        assert contents(folder / NAME) == once
