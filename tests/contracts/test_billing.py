"""What every store of billing periods promises, held against each backend."""

import sqlite3

import pytest

from farthing.domain.errors import BadRequest
from farthing.ports.billing import BillTerms, ClosedPeriod, Sharing
from farthing.stores.memory.billing import MemoryPeriods
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.sqlite.billing import SqlitePeriods
from support.bill_lines import line, lump

LINES = (line(), lump("rounding", 999), line(quantity=-5, corrects="2026-09", workflow="täglich"))


def period(month, **more):
    terms = BillTerms(account="acme", labels=("agent",), sharing=Sharing(by="weights", weights=(("a", 2),)))
    given = {
        "closed_ms": 1_800_000_000_000,
        "by": "ada",
        "terms": terms,
        "lines": 3,
        "picos": 5,
        "corrections_picos": 1,
    }
    return ClosedPeriod(month=month, digest="d" * 64, **{**given, **more})


class Backend:
    def __init__(self, kind, folder):
        self.path = folder / "farthing.db"
        self.directory = MemoryDirectory(now_ms=lambda: 7) if kind == "memory" else None
        self.store = MemoryPeriods(self.directory) if self.directory else SqlitePeriods(self.path)

    def audited(self):
        if self.directory is not None:
            return [(each.by, each.action, each.subject) for each in self.directory.audit]
        connection = sqlite3.connect(self.path)
        rows = connection.execute("SELECT by, action, subject FROM audit ORDER BY id").fetchall()
        connection.close()
        return rows


@pytest.fixture(params=["memory", "sqlite"])
def backend(request, tmp_path):
    made = Backend(request.param, tmp_path)
    yield made
    made.store.close()


def test_what_was_told_is_kept_to_the_last_figure(backend):
    backend.store.keep(period("2026-10"), LINES)
    assert backend.store.told("2026-10") == LINES
    assert backend.store.closed() == (period("2026-10"),)


def test_an_open_month_has_told_nothing(backend):
    assert backend.store.closed() == ()
    assert backend.store.told("2026-10") == ()


def test_a_closed_month_is_never_told_again(backend):
    backend.store.keep(period("2026-10"), LINES)
    with pytest.raises(BadRequest, match="closed already") as error:
        backend.store.keep(period("2026-10", by="bob"), ())
    assert error.value.status == 409
    assert backend.store.told("2026-10") == LINES


def test_months_follow_each_other_without_a_gap(backend):
    backend.store.keep(period("2026-12"), ())
    for month in ("2026-11", "2027-02"):
        with pytest.raises(BadRequest):
            backend.store.keep(period(month), LINES)
    backend.store.keep(period("2027-01"), LINES)
    assert [each.month for each in backend.store.closed()] == ["2026-12", "2027-01"]


def test_who_closed_a_month_is_audited(backend):
    backend.store.keep(period("2026-10"), LINES)
    assert backend.audited() == [("ada", "billing.close", "2026-10")]
