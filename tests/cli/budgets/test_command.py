"""Budgets are made, shown, raised and removed in the store; the file's are changed in the file."""

import pytest

from farthing.domain.budget import AccountKey, Budget, Unit
from farthing.domain.money import parse_usd
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.directory import SqliteDirectory
from support.filled_store import PAID, fill
from support.shell import asked_json, invoke

FILED = '[[budgets]]\nname = "filed"\nlimit = "3 USD"\nwindow = "month"\n'


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path / "farthing.db").path


def stored(path):
    directory = SqliteDirectory(path, now_ms=lambda: 1)
    try:
        return directory.load()
    finally:
        directory.close()


def test_a_budget_is_made_with_everything_a_file_can_say(store):
    words = "--limit $5 --tokens 100 --match team=sup* --each user --window day --tz Europe/Amsterdam --hard off"
    more = "--floor 10 --wait 5s --unknown charge_seen --bound strict"
    assert "made" in invoke("budgets", "set", "daily", *words.split(), *more.split()).output
    assert stored(store).budgets == (
        Budget(
            name="daily",
            match=(("team", "sup*"),),
            each="user",
            limits=((Unit.USD, 5_000_000_000), (Unit.TOKENS, 100)),
            window="day",
            tz="Europe/Amsterdam",
            hard="off",
            floor=10,
            wait_seconds=5.0,
            unknown="charge_seen",
            bound="strict",
            source="store",
        ),
    )


def test_setting_again_replaces_the_whole(store):
    invoke("budgets", "set", "b", "--limit", "$5", "--window", "day")
    assert "now" in invoke("budgets", "set", "b", "--calls", "7").output
    (budget,) = stored(store).budgets
    assert (budget.limits, budget.window) == (((Unit.CALLS, 7),), "lifetime")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit", "five"], "--limit: 'five' is not an amount"),
        (["--window", "moon", "--calls", "1"], "--window"),
        ([], "limits nothing"),
        (["--calls", "-1"], "--calls"),
        (["--calls", "1", "--match", "team"], "label=value"),
        (["--calls", "1", "--tz", "Mars"], "time zone"),
    ],
)
def test_what_no_file_could_say_is_refused_in_the_same_words(store, words, said: str):
    assert said in invoke("budgets", "set", "b", *words, code=2).output
    assert stored(store).budgets == ()


def test_a_stored_budget_counts_beside_what_was_spent(store):
    invoke("budgets", "set", "all", "--limit", "$1", "--calls", "10")
    money, calls = asked_json("budgets", "ls")[0]["accounts"]
    assert money["limit"] == "1"
    assert parse_usd(money["spent"]) == PAID.nanos + parse_usd(money["unknown"])
    assert (calls["limit"], calls["spent"], calls["left"]) == ("10", "2", "8")
    shown = invoke("budgets", "ls").output
    assert "█" in shown
    assert "$1" in shown


def test_one_budget_is_shown_with_its_rules_and_raises(store):
    invoke("budgets", "set", "all", "--limit", "$1", "--match", "team=a")
    invoke("budgets", "raise", "all", "$2.50", "--reason", "a launch")
    output = invoke("budgets", "show", "all").output
    assert "team=a" in output
    assert "raised by $2.50" in output
    assert "a launch" in output
    shown = asked_json("budgets", "show", "all")
    assert shown["accounts"][0]["limit"] == "3.5"
    assert shown["grants"][0]["reason"] == "a launch"


def test_a_files_budget_is_raised_here_and_changed_there(store):
    (store.parent / "farthing.toml").write_text(FILED)
    for words in (["set", "filed", "--limit", "$9"], ["rm", "filed"]):
        said = invoke("budgets", *words, code=1).stderr
        assert "farthing.toml:2" in said
        assert "budgets raise" in said
    assert "more, for its present window" in invoke("budgets", "raise", "filed", "$1").output
    (grant,) = stored(store).grants
    assert grant.account.window.endswith("/month")
    assert asked_json("budgets", "show", "filed")["accounts"][0]["limit"] == "4"


def test_a_rolling_budget_is_raised_on_all_its_open_turns(store):
    invoke("budgets", "set", "r", "--limit", "$1", "--window", "rolling:24h")
    invoke("budgets", "raise", "r", "$1")
    assert len(stored(store).grants) == 9
    assert asked_json("budgets", "show", "r")["accounts"][0]["limit"] == "2"


def test_a_budget_for_each_value_is_raised_for_one(store):
    invoke("budgets", "set", "each", "--tokens", "100", "--each", "user")
    assert "--value" in invoke("budgets", "raise", "each", "50", code=2).output
    invoke("budgets", "raise", "each", "50", "--value", "bob")
    assert stored(store).grants[0].account == AccountKey("each", "bob", Unit.TOKENS, "lifetime")
    invoke("budgets", "set", "one", "--calls", "1")
    assert "leave out --value" in invoke("budgets", "raise", "one", "1", "--value", "bob", code=2).output


def test_a_runs_budget_is_raised_for_one_run(store):
    invoke("budgets", "set", "r", "--limit", "$1", "--window", "run")
    assert "--run" in invoke("budgets", "raise", "r", "$1", code=2).output
    assert "of the run x" in invoke("budgets", "raise", "r", "$1", "--run", "x").output
    assert stored(store).grants[0].account.window == "run:x"
    invoke("budgets", "set", "m", "--limit", "$1", "--window", "month")
    assert "leave out --run" in invoke("budgets", "raise", "m", "$1", "--run", "x", code=2).output


def test_a_removed_budget_is_gone_and_its_accounts_stay(store):
    invoke("budgets", "set", "all", "--limit", "$1")
    invoke("budgets", "rm", "all")
    assert stored(store).budgets == ()
    invoke("budgets", "set", "all", "--limit", "$1")
    assert asked_json("budgets", "ls")[0]["accounts"][0]["spent"] != "0"


def test_an_unknown_name_is_told_the_names_there_are(store):
    invoke("budgets", "set", "all", "--limit", "$1")
    assert "'all'" in invoke("budgets", "show", "al", code=1).stderr


def test_without_budgets_the_list_says_what_that_means(store):
    assert "not limited" in invoke("budgets", "ls").output


def test_a_closed_gate_is_opened_again(store):
    connection = open_database(store)
    connection.execute(
        "INSERT INTO gate (name, attempt, at_ms, detail) VALUES ('openai/m', 17, 1, 'four times the cap')"
    )
    connection.close()
    assert [gate.name for gate in stored(store).gates] == ["openai/m"]
    assert "may be called again" in invoke("budgets", "acknowledge", "openai/m").output
    assert stored(store).gates == ()
    assert "no gate" in invoke("budgets", "acknowledge", "openai/m", code=1).stderr
