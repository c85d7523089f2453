"""The full check: silent on a sound file, exact about what is wrong with another."""

import sqlite3

import pytest

from farthing.domain.errors import StoreBroken
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from support.money import budget, fixed, loss, settlement, void


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger.open(path)
    ledger.adopt([budget("a", 10_000), budget("b", 10_000)], ())
    for number in range(1, 9):
        ledger.reserve_blocking(fixed(number, 100, "a", "b"))
    for number in (1, 2, 3):
        ledger.settle(settlement(number, 40))
    ledger.void(void(4))
    ledger.lose(loss(5))
    assert ledger.adjust_blocking(settlement(1, 70), by="ops", reason="")
    ledger.close_now()
    return path


def change(path, statement):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_sound_file_has_no_findings(path):
    read = []
    assert verify(path, progress=read.append) == []
    assert read == [8]


@pytest.mark.parametrize(("kind", "is_now"), [("posted", 150), ("held", 300), ("unknown", 100)])
def test_a_balance_that_is_not_its_sum_is_named(path, kind, is_now):
    change(path, f"UPDATE account SET {kind} = {kind} + 1 WHERE budget = 'a'")
    (finding,) = verify(path)
    assert (finding.account, finding.kind) == ("a//usd/lifetime", kind)
    assert (finding.row, finding.sum) == (is_now + 1, is_now)


def test_charges_on_an_account_without_a_row_are_found(path):
    change(path, "DELETE FROM account WHERE budget = 'b'")
    assert {(finding.kind, finding.sum) for finding in verify(path)} == {
        ("posted", 150),
        ("held", 300),
        ("unknown", 100),
    }


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(StoreBroken):
        verify(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE attempt SET posted = NULL WHERE state = 2",
        "UPDATE attempt SET posted = '[5]' WHERE state = 2",
        "UPDATE attempt SET posted = '[5, 0]' WHERE state = 3",
        "UPDATE attempt SET posted = '[0, 0]' WHERE state = 0",
    ],
)
def test_an_attempt_whose_amounts_do_not_fit_its_state_is_named(path, broken):
    change(path, broken)
    assert any(finding.detail.startswith("attempt ") for finding in verify(path))
