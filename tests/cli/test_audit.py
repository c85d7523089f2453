"""The audit at the command line: listed, verified, sealed, exported, erased, dropped."""

import csv
import io
import json
import sqlite3

import pytest

from support.audited import fill, somebody_at_rest
from support.shell import asked_json, invoke


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "farthing.toml").write_text(
        '[providers.openai]\nformat = "openai"\n[record.retention]\ncalls = "forever"\n'
    )
    fill(tmp_path / "farthing.db")
    return tmp_path


def spoil(folder):
    connection = sqlite3.connect(folder / "farthing.db", isolation_level=None)
    connection.execute("UPDATE stored_budget SET document = replace(document, '1000', '9000')")
    connection.close()


def test_who_changed_what_is_listed_and_filtered(folder):
    assert "key.revoke" in invoke("audit", "ls").output
    found = asked_json("audit", "ls", "--action", "budget.*", "--limit", 2)
    assert [event["action"] for event in found] == ["budget.remove", "budget.put"]
    assert "nothing was changed" in invoke("audit", "ls", "--by", "nobody").output


def test_verification_says_what_it_read_and_fails_where_something_was_changed(folder):
    assert "nothing was changed" in invoke("audit", "verify").output
    assert asked_json("audit", "verify")["whole"] is True
    spoil(folder)
    said = invoke("audit", "verify", code=1).output
    assert "stored_budget monthly: its columns were changed (link" in said
    assert asked_json("audit", "verify", code=1)["findings"][0]["table"] == "stored_budget"


def test_a_seal_is_kept_and_verified_against(folder):
    (folder / "seal.json").write_text(invoke("audit", "seal", "--to", folder / "seals.jsonl").stdout)
    assert json.loads((folder / "seals.jsonl").read_text())["body"]["number"] == 1
    assert "and against" in invoke("audit", "verify", "--against", "seal.json").output
    (folder / "bad.json").write_text("{}")
    assert "no seal" in invoke("audit", "verify", "--against", "bad.json", code=1).output


def test_events_are_exported_whole(folder):
    lines = [json.loads(line) for line in invoke("audit", "export", "--since", "9999w").stdout.splitlines()]
    assert [event["id"] for event in lines] == sorted((event["id"] for event in lines), reverse=True)
    rows = list(csv.DictReader(io.StringIO(invoke("audit", "export", "--since", "9999w", "--format", "csv").stdout)))
    assert [row["action"] for row in rows] == [event["action"] for event in lines]


def test_a_name_is_erased_only_when_it_is_meant(folder):
    name = somebody_at_rest(folder / "farthing.db")
    assert "Aborted" in invoke("audit", "erase", "--user", name, code=1).output
    assert asked_json("audit", "erase", "--user", name, "--yes")["pseudonym"].startswith("erased:")
    assert "nothing here" in invoke("audit", "erase", "--user", name, "--yes", code=1).output
    invoke("audit", "verify")


def test_what_is_too_old_is_dropped_and_the_pseudonym_of_a_name_is_told(folder):
    assert isinstance(asked_json("audit", "prune"), dict)
    assert "nothing is old enough" in invoke("audit", "prune").output
    one, other = (invoke("audit", "pseudonym", "alice", "--tenant", tenant).stdout for tenant in ("team=a", "team=b"))
    assert one.startswith("p:")
    assert one != other
