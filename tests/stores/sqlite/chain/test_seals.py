"""Seals of a file: counted, written where they are kept, and signed with the key that was given."""

from farthing.audit.seal import document, read_seal
from farthing.stores.sqlite.audit import SqliteAudit
from farthing.stores.sqlite.chain.seals import Sealing, write_seal
from support.audited import NOW_MS, fill


def sealed(path, sealing):
    audit = SqliteAudit(path, now_ms=lambda: NOW_MS, sealing=sealing)
    try:
        return audit.seal()
    finally:
        audit.close()


def test_a_seal_counts_its_stretch_and_is_written_elsewhere(tmp_path):
    fill(tmp_path / "a.db")
    (tmp_path / "seals").mkdir()
    seal = sealed(tmp_path / "a.db", Sealing(to=tmp_path / "seals"))
    assert read_seal((tmp_path / "seals" / "seal-000001.json").read_text()) == seal
    assert seal.body.entries["opened"] == 28
    assert seal.body.links == seal.body.last
    assert {total.unit: total.accounts for total in seal.body.totals} == {"calls": 1, "tokens": 5, "usd": 1}


def test_a_file_of_seals_grows_by_a_line(tmp_path):
    fill(tmp_path / "a.db")
    seal = sealed(tmp_path / "a.db", Sealing())
    for _ in range(2):
        write_seal(seal, tmp_path / "seals.jsonl")
    assert (tmp_path / "seals.jsonl").read_text() == (document(seal) + "\n") * 2


def test_the_configured_key_signs(tmp_path):
    fill(tmp_path / "a.db")
    fill(tmp_path / "b.db")
    keys = {sealed(tmp_path / name, Sealing(seed=b"k" * 32)).signature.key for name in ("a.db", "b.db")}
    assert len(keys) == 1
