"""Claims in the file: durable, one winner among processes, and honest when the file fails."""

import sqlite3
import subprocess
import sys
from itertools import count

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.domain.ids import Mint
from farthing.ports.claims import Claim, Claimed, Taken
from farthing.stores.sqlite import claims as module
from farthing.stores.sqlite.claims import SqliteClaims
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.migrate import APPLICATION_ID, migrations

RACE = """
import sys, pathlib
from farthing.domain.ids import Mint
from farthing.ports.claims import Claim
from farthing.stores.sqlite.claims import SqliteClaims
claims = SqliteClaims(pathlib.Path(sys.argv[1]))
mint = Mint(int(sys.argv[2]))
claims.holds(Claim(tenant="t", key="", fingerprint=b"", call=1, at_ms=1))
print("ready", flush=True)
sys.stdin.readline()
mine = [Claim(tenant="t", key=str(n), fingerprint=b"f", call=mint(1_800_000_000_000), at_ms=1) for n in range(50)]
for claim in mine:
    claims.claim(claim)
print("claimed", flush=True)
sys.stdin.readline()
print(*[claim.key for claim in mine if claims.holds(claim)])
"""
_mint = Mint(7)
_ticks = count(1_800_000_000_000)


def claim_of(key="k"):
    now = next(_ticks)
    return Claim(tenant="t", key=key, fingerprint=b"f", call=_mint(now), at_ms=now)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "farthing.db"


@pytest.fixture
def claims(path):
    claims = SqliteClaims(path)
    yield claims
    claims.close()


def test_i12_a_claim_is_in_the_file_when_it_is_told(path, claims):
    claim = claim_of()
    claims.claim(claim)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as reader:
        assert reader.execute("SELECT tenant, key, call FROM claim").fetchall() == [("t", "k", claim.call)]
    reader.close()
    other = SqliteClaims(path)
    assert other.holds(claim)
    other.close()


def test_i12_of_two_processes_that_claim_the_same_keys_one_holds_each(path, claims):
    claims.holds(claim_of())
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", RACE, str(path), str(slot)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for slot in (1, 2)
    ]
    for word in ("ready", "claimed"):
        for child in children:
            assert child.stdout.readline() == f"{word}\n"
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
    held = [child.communicate(timeout=60)[0].split() for child in children]
    assert sorted(held[0] + held[1], key=int) == [str(number) for number in range(50)]


def test_a_claim_that_cannot_be_written_is_not_made(path, claims):
    first = claim_of("first")
    claims.claim(first)
    breaker = open_database(path)
    breaker.execute("CREATE TRIGGER fail BEFORE INSERT ON claim BEGIN SELECT raise(FAIL, 'disk I/O error'); END")
    with pytest.raises(LedgerUnavailable, match="nothing was changed"):
        claims.claim(claim_of("second"))
    breaker.execute("DROP TRIGGER fail")
    breaker.close()
    assert claims.holds(first)
    assert claims.claim(claim_of("second")) == Claimed()


def test_old_claims_are_forgotten_page_by_page(claims):
    old = [claim_of(str(number)) for number in range(module.PAGE + 1)]
    with claims._handle.changing() as connection:
        connection.executemany(module._ADD, [(c.tenant, c.key, c.fingerprint, c.call, c.at_ms) for c in old])
    assert claims.forget(old[0].at_ms) == 0
    assert claims.forget(old[-1].at_ms + 1) == module.PAGE + 1
    assert claims.claim(claim_of("0")) == Claimed()


def test_a_file_of_the_first_schema_gets_its_claims(path):
    """An older file is brought up to date where it stands."""
    older = sqlite3.connect(path)
    older.executescript(f"PRAGMA application_id = {APPLICATION_ID}; {migrations()[0]}; PRAGMA user_version = 1;")
    older.close()
    claims = SqliteClaims(path)
    first = claim_of()
    assert claims.claim(first) == Claimed()
    assert claims.claim(claim_of()) == Claimed(instead_of=first.call)
    assert not isinstance(claims.claim(first), Taken)
    claims.close()
