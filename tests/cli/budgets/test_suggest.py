"""Budgets suggested from recorded runs, with lines that the configuration accepts as they are."""

import tomllib
from pathlib import Path

import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Charge, Reserve, Settlement, Spent
from farthing.domain.ids import Mint, attempt_id
from farthing.domain.record import AttemptOpening, CallOpening
from farthing.domain.usage import Usage
from farthing.stores.sqlite.ledger import SqliteLedger, wall_ms
from support.configs import load_text
from support.shell import asked_json, invoke


def spend(path: Path, runs: dict[str, int], workflow: str = "triage") -> None:
    """One settled call for each run, of so many nano-dollars."""
    now = wall_ms()
    ledger = SqliteLedger.open(path, what="spending")
    mint = Mint(ledger.slot)
    try:
        for run, nanos in runs.items():
            call = mint(now)
            labels = tuple(pair for pair in (("run", run), ("workflow", workflow)) if pair[1])
            opening = CallOpening(id=call, arrived_ms=now, labels=labels, model="m", route="/chat/completions")
            attempt = AttemptOpening(
                id=attempt_id(call, 1), call_id=call, ordinal=1, provider="p", model="m", book="b", bound="bytes",
                input_bound=10, opened_ms=now,
            )  # fmt: skip
            charge = Charge(AccountKey("all", "", Unit.USD, "lifetime"), nanos * 1_000, 0, 1, 1_000)
            ledger.reserve_blocking(Reserve(opening=attempt, call=opening, charges=(charge,), cap=1, floor=1))
            ledger.settle(
                Settlement(
                    attempt=attempt.id, spent=Spent(picos=nanos * 1_000, input_tokens=8, output_tokens=2),
                    usage=Usage(input_tokens=8, output_tokens=2), cost_nanos=nanos, settled_ms=now,
                )
            )  # fmt: skip
        ledger.flush_blocking()
    finally:
        ledger.close_now()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "farthing.db"
    spend(path, {f"run-{number}": 1_000_000 * number for number in range(1, 11)} | {"runaway": 500_000_000})
    return path


def test_the_suggestion_is_made_of_what_runs_have_cost(store):
    (found,) = asked_json("budgets", "suggest")["suggestions"]
    assert (found["group"], found["runs"], found["would_have_stopped"]) == ("triage", 11, 1)
    assert found["cost_usd"] == {"p50": "0.006", "p90": "0.01", "p99": "0.5", "most": "0.5"}
    assert found["limit_usd"] == "0.012"
    assert found["tokens"]["p90"] == 10


def test_the_lines_to_paste_are_a_budget_that_the_configuration_accepts(store, tmp_path):
    said = invoke("budgets", "suggest").output
    lines = said.partition("For farthing.toml:")[2]
    assert tomllib.loads(lines)["budgets"][0]["name"] == "triage, per run"
    (budget,) = load_text(tmp_path, lines, {}).budgets
    assert (budget.match, budget.window, budget.limit) == ((("workflow", "triage"),), "run", (Unit.USD, 12_000_000))
    assert "1 of 11 past runs would have been stopped" in lines


def test_a_name_with_quotes_is_still_a_name(store, tmp_path):
    spend(store, {f"odd-{number}": 1_000 for number in range(6)}, workflow='the "odd" one')
    lines = invoke("budgets", "suggest").output.partition("For farthing.toml:")[2]
    assert {budget.name for budget in load_text(tmp_path, lines, {}).budgets} == {
        "triage, per run",
        'the "odd" one, per run',
    }


def test_too_few_runs_suggest_nothing_and_say_how_many_it_takes(store):
    spend(store, {"only": 1_000}, workflow="rare")
    row = next(line for line in invoke("budgets", "suggest").output.splitlines() if line.startswith("rare"))
    assert row.rstrip().endswith("needs 5 runs")


def test_runs_without_the_label_are_shown_and_make_no_lines(store):
    spend(store, {f"bare-{number}": 1_000 for number in range(6)}, workflow="")
    said = invoke("budgets", "suggest").output
    assert "(none)" in said
    assert said.count("[[budgets]]") == 1


def test_without_runs_it_says_how_they_come_about(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spend(tmp_path / "farthing.db", {"": 5})
    assert "farthing run" in invoke("budgets", "suggest").output
