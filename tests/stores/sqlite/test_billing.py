"""Closed periods on SQLite: one transaction, across processes' connections; their promises are in tests/contracts."""

import sqlite3

import pytest

from farthing.domain.errors import BadRequest, StoreBroken
from farthing.ports.billing import BillTerms, ClosedPeriod
from farthing.stores.sqlite.billing import SqlitePeriods
from farthing.stores.sqlite.chain.verify import verify
from support.bill_lines import line

PERIOD = ClosedPeriod(
    month="2026-10", closed_ms=1, by="ada", terms=BillTerms(), lines=1, picos=0, corrections_picos=0, digest=""
)


@pytest.fixture
def stores(tmp_path):
    made = [SqlitePeriods(tmp_path / "farthing.db") for _ in range(2)]
    yield made
    for each in made:
        each.close()


def test_what_one_process_closed_another_sees_and_cannot_close_again(stores):
    one, other = stores
    one.keep(PERIOD, (line(),))
    assert other.told("2026-10") == (line(),)
    with pytest.raises(BadRequest, match="closed already"):
        other.keep(PERIOD, ())


def test_closing_a_month_is_in_the_audits_chain(stores, tmp_path):
    stores[0].keep(PERIOD, (line(),))
    assert verify(tmp_path / "farthing.db", now_ms=lambda: 1).findings == ()


def test_ten_thousand_lines_take_little_room(stores, tmp_path):
    stores[0].keep(PERIOD, tuple(line(day=number % 28 + 1, quantity=number) for number in range(10_000)))
    connection = sqlite3.connect(tmp_path / "farthing.db")
    (size,) = connection.execute("SELECT length(lines) FROM billing_period").fetchone()
    connection.close()
    assert size < 400_000
    assert len(stores[1].told("2026-10")) == 10_000


def test_lines_that_cannot_be_read_are_a_broken_store(stores, tmp_path):
    stores[0].keep(PERIOD, (line(),))
    connection = sqlite3.connect(tmp_path / "farthing.db")
    connection.execute("UPDATE billing_period SET lines = x'00ff'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreBroken, match="2026-10"):
        stores[1].told("2026-10")
