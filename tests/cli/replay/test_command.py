"""`farthing replay`: traffic from files and stores, chosen, replayed and told; mistakes with file and line."""

import csv
import io
import json

import pytest

from farthing.domain.money import usd
from support.filled_store import PAID, fill
from support.shell import asked_json, command, invoke

ROWS = [
    {"timestamp": at * 1_000, "input_length": 2_000, "output_length": 100, "hash_ids": [1, 2, 3, 100 + at]}
    for at in range(20)
]
TIGHT = '[[budgets]]\nname = "all"\nlimit = "0.003 USD"\nwait = "0s"\n'


@pytest.fixture
def trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(TIGHT)
    file = tmp_path / "trace.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return file


def test_without_a_policy_the_bill_is_what_it_was(trace):
    shown = asked_json("replay", "--from", trace)
    assert shown["recorded"]["cost_usd"] == shown["replayed"]["cost_usd"] != "0"
    assert shown["usage"]["simulated"]["calls"] == 0
    assert shown["policy"] is None


def test_a_policy_stands_beside_what_was(trace):
    shown = asked_json("replay", "--from", trace, "--policy", "policy.toml")
    assert shown["recorded"]["calls"] == 20
    assert shown["replayed"]["refused"] > 0
    assert shown["refusals"] == {"budget_exceeded": shown["replayed"]["refused"]}
    parts = shown["usage"].values()
    assert sum(part["calls"] for part in parts) == shown["replayed"]["paid"]


def test_the_table_has_both_bills_and_says_what_is_simulated(trace):
    shown = invoke("replay", "--from", trace, "--policy", "policy.toml").output
    assert "as it was" in shown
    assert "policy.toml" in shown
    assert "is recorded" in shown
    assert "budgets begin empty at 2026-01-01" in shown


def test_a_policy_that_reads_words_is_named(trace):
    (trace.parent / "policy.toml").write_text('[guard]\n[cache]\nnear = { ttl = "1h", max_error = 0.02 }\n')
    remarks = asked_json("replay", "--from", trace, "--policy", "policy.toml")["remarks"]
    assert {(each["kind"], each["name"]) for each in remarks} == {
        ("needs content", "[guard] same_call"),
        ("needs content", "[cache] near"),
    }
    assert "needs content: [cache] near" in invoke("replay", "--from", trace, "--policy", "policy.toml").output


def test_calls_are_chosen_by_time(trace):
    shown = asked_json("replay", "--from", trace, "--since", "2026-01-01T00:00:05Z", "--until", "2026-01-01T00:00:08Z")
    assert shown["recorded"]["calls"] == 3


def test_a_trace_is_of_the_model_that_is_named(trace):
    (group,) = asked_json("replay", "--from", trace, "--model", "gpt-4.1", "--by", "model")["groups"]
    assert group["group"] == {"model": "gpt-4.1"}


def test_csv_has_a_line_for_each_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = {
        "model": "gpt-4o",
        "choices": [],
        "usage": {"prompt_tokens": 900, "completion_tokens": 90, "total_tokens": 990},
    }
    rows = [answer | {"run": name, "labels": {"workflow": "=cmd()"}} for name in ("a", "a", "b")]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "policy.toml").write_text('[[budgets]]\nname = "run"\nwindow = "run"\ncalls = 1\n')
    shown = invoke("replay", "--from", "log.jsonl", "--policy", "policy.toml", "--csv").stdout
    first, second = csv.DictReader(io.StringIO(shown))
    assert (first["run"], first["recorded_paid"], first["replayed_paid"], first["ending"]) == ("a", "2", "1", "refused")
    assert (second["ending"], second["workflow"]) == ("as recorded", "'=cmd()")
    table = invoke("replay", "--from", "log.jsonl", "--policy", "policy.toml", "--runs").output
    assert "refused (budget_exceeded)" in table
    assert "1 of 2" in table


def test_the_store_is_replayed_where_no_file_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "farthing.db")
    shown = asked_json("replay")
    assert shown["recorded"]["cost_usd"] == shown["replayed"]["cost_usd"] == usd(PAID.nanos)
    assert shown["recorded"]["refused"] == shown["replayed"]["refused"] == 1
    assert invoke("replay", "--run", "nobody", code=1).output.count("no calls to replay") == 1


def test_mistakes_are_named_with_file_and_line(trace):
    (trace.parent / "policy.toml").write_text("[[budgets]]\nname = 5\n")
    assert "policy.toml:2" in invoke("replay", "--from", trace, "--policy", "policy.toml", code=78).output
    trace.write_text(json.dumps(ROWS[0]) + '\n{"timestamp": 1}\n')
    assert "trace.jsonl:2: `input_length`" in invoke("replay", "--from", trace, code=1).output
    assert "is no time" in invoke("replay", "--since", "soon", code=2).output


def test_progress_is_told_on_stderr_where_it_is_asked_for(trace):
    quiet = command("replay", "--from", "trace.jsonl", "--json", cwd=trace.parent)
    assert quiet.stderr == ""
    assert json.loads(quiet.stdout)["recorded"]["calls"] == 20
    shown = command("replay", "--from", "trace.jsonl", "--json", "--progress", cwd=trace.parent)
    assert shown.stdout == quiet.stdout
