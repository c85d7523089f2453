"""The walk: no change of anything the chain covers escapes it, whatever byte it is."""

import os
import random
import shutil
import sqlite3

import pytest

from farthing.stores.sqlite.chain.verify import verify
from support.audited import NOW_MS, audit_of, fill, somebody_at_rest, spoil

TAMPERS = int(os.environ.get("FARTHING_TAMPERS", "1000"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A file with a seal, somebody erased, and nothing wrong."""
    path = tmp_path_factory.mktemp("audited") / "ledger.db"
    fill(path)
    audit = audit_of(path)
    audit.seal()
    audit.erase("user", somebody_at_rest(path), by="root")
    assert audit.verify().findings == ()
    audit.close()
    return path


def spoiled(filled, place, chance: random.Random) -> str:
    """A copy of the file with one random change, which is told."""
    while True:
        shutil.copy(filled, place)
        connection = sqlite3.connect(place)
        try:
            with connection:
                what = spoil(connection, chance)
        finally:
            connection.close()
        if what:
            return what


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_every_random_change_is_found(filled, tmp_path):
    chance = random.Random(20261122)
    missed = []
    for _ in range(TAMPERS):
        what = spoiled(filled, tmp_path / "spoiled.db", chance)
        if verify(tmp_path / "spoiled.db", now_ms=lambda: NOW_MS).whole:
            missed.append(what)
    assert "\n".join(missed) == ""
