"""The audit wired: ages and their floors, the month's seal, and users under pseudonyms."""

import asyncio
import sqlite3

import pytest

from farthing.audit.retention import DAY_MS
from farthing.config.auditing import Auditing, ages_of, audit_lines, sealing_of, under_pseudonyms
from farthing.domain.errors import BadConfig
from farthing.ports.audit import Ages
from farthing.stores.sqlite.audit import SqliteAudit
from farthing.stores.sqlite.ledger import SqliteLedger
from support.audited import NOW_MS, fill, more_calls
from support.configs import load_text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[record.retention]\ncalls = "10d"\n', "at least 35d"),
        ('[audit]\nkeep = "soon"\n', 'like "400d", or "forever"'),
        ('[audit]\nkey = "abc"\n', "64 hexadecimal digits"),
        ('[audit]\npseudonymous = ["team"]\n', "names the label 'team'"),
        ('[audit]\nseals_to = "nowhere/at/all"\n', "there is no directory"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, says):
    with pytest.raises(BadConfig, match=says):
        load_text(tmp_path, text)


def test_below_six_months_is_accepted_and_doubted(tmp_path):
    settings = load_text(tmp_path, '[audit]\nkeep = "90d"\n')
    assert any("six months" in str(warning) for warning in settings.warnings)
    assert ages_of(settings).audit == 90 * DAY_MS


def test_what_holds_is_said(tmp_path):
    settings = load_text(tmp_path, f'[record.retention]\ncalls = "forever"\n[audit]\nkey = "{"ab" * 32}"\n')
    assert "calls are kept for ever, their skeletons 90 days" in next(audit_lines(settings))
    assert sealing_of(settings).seed == b"\xab" * 32
    assert ages_of(settings) == Ages(calls=None)


def test_a_month_that_is_over_is_sealed_once(tmp_path):
    fill(tmp_path / "a.db")
    now = [NOW_MS]
    audit = SqliteAudit(tmp_path / "a.db", now_ms=lambda: now[0])
    auditing = Auditing(audit, Ages, lambda: now[0])
    audit.seal()
    asyncio.run(more_calls(tmp_path / "a.db", NOW_MS + 1))
    asyncio.run(auditing.look())
    assert len(audit.seals()) == 1, "the month is not over"
    now[0] += 32 * DAY_MS
    asyncio.run(auditing.look())
    asyncio.run(auditing.look())
    assert len(audit.seals()) == 2
    assert audit.verify().whole
    audit.close()


def test_what_is_too_old_goes_in_the_background_and_is_named(tmp_path):
    """The clock is moved by hand: the gateway's own round seals the month, drops what is too old, and no more."""
    fill(tmp_path / "a.db")
    now = [NOW_MS]
    SqliteLedger.open(tmp_path / "a.db", clock=lambda: NOW_MS * 3).close_now()  # unknown outcomes are charged
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("UPDATE horizon SET summed_ms = ?", (NOW_MS * 2,))
    connection.commit()
    audit = SqliteAudit(tmp_path / "a.db", now_ms=lambda: now[0])
    auditing = Auditing(audit, Ages, lambda: now[0])

    def counted_after(days):
        now[0] = NOW_MS + days * DAY_MS
        asyncio.run(auditing.look())
        verdict = audit.verify()
        assert verdict.findings == ()
        bare = connection.execute(
            "SELECT count(*) FROM call WHERE CAST(skeleton AS TEXT) LIKE '{\"sha256%'"
        ).fetchone()[0]
        return connection.execute("SELECT count(*) FROM call").fetchone()[0], bare, len(verdict.pruned)

    assert counted_after(0) == (28, 0, 0)
    assert counted_after(89) == (28, 0, 0)
    assert counted_after(91) == (28, 28, 1)
    assert counted_after(399) == (28, 28, 1)
    assert counted_after(401) == (0, 0, 4)
    connection.close()
    audit.close()


def test_users_are_kept_under_pseudonyms_that_differ_by_team():
    labels = (("team", "a"), ("user", "alice"))
    kept = dict(under_pseudonyms(labels, ("user",), b"k"))
    assert kept["team"] == "a"
    assert kept["user"].startswith("p:")
    assert kept["user"] != dict(under_pseudonyms((("team", "b"), ("user", "alice")), ("user",), b"k"))["user"]
