"""Calls on record: listed, shown, and corrected with a reason."""

import json

import pytest

from farthing.domain.money import usd
from farthing.stores.sqlite.verify import verify
from support.filled_store import PAID, fill
from support.shell import asked_json, invoke


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path / "farthing.db")


def listed(*words: str) -> list[str]:
    return [call["call"] for call in asked_json("calls", "ls", *words)]


def test_the_newest_come_first(store):
    assert listed() == [store.unknown, store.refused, store.paid]
    assert listed("--limit", "1") == [store.unknown]
    assert store.paid in invoke("calls", "ls").output


@pytest.mark.parametrize(
    ("words", "which"),
    [
        (["--outcome", "refused"], ["refused"]),
        (["--flag", "cut_by_cap"], ["paid"]),
        (["--flag", "overran_cap"], []),
        (["--label", "team=a", "--outcome", "paid"], ["paid"]),
        (["--label", "team=z"], []),
        (["--key", "bot"], []),
        (["--run", "r"], []),
    ],
)
def test_the_list_can_be_narrowed(store, words, which):
    assert listed(*words) == [getattr(store, name) for name in which]


def test_an_empty_list_says_so(store):
    assert "no such calls" in invoke("calls", "ls", "--run", "r").output


def test_a_call_is_shown_with_its_skeleton_and_no_content(store):
    output = invoke("calls", "show", store.paid).output
    assert "e632adb1861858f4" in output
    assert asked_json("calls", "show", store.paid)["skeleton"]["messages"][0][0] == "user"


def test_a_correction_is_posted_priced_and_kept(store):
    usage = json.dumps({"input_tokens": 100, "output_tokens": 10})
    said = invoke("calls", "settle", store.paid, "--usage", usage, "--reason", "the invoice says so").output
    assert "→ $0.000021" in said
    found = asked_json("receipt", store.paid)
    assert (found["cost_usd"], found["adds_up"]) == ("0.000021", True)
    (attempt,) = found["attempts"]
    assert (attempt["source"], attempt["served_model"]) == ("operator", "gpt-4o-mini-2024-07-18")
    (adjustment,) = found["adjustments"]
    assert adjustment["reason"] == "the invoice says so"
    assert adjustment["before"] == {"state": "settled", "source": "provider", "cost_usd": usd(PAID.nanos)}
    assert "corrected" in invoke("receipt", store.paid).output
    assert verify(store.path) == []


def test_an_unknown_outcome_is_settled_by_an_operator(store):
    assert "unknown → $0" in invoke("calls", "settle", store.unknown, "--free", "--reason", "never arrived").output
    found = asked_json("receipt", store.unknown)
    assert (found["cost_usd"], found["complete"]) == ("0", True)
    assert verify(store.path) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--usage"),
        (["--free", "--usage", "{}"], 2, "--usage"),
        (["--usage", "nonsense"], 2, "JSON"),
        (["--usage", '{"tokens": 1}'], 2, "does not know tokens"),
        (["--usage", '{"input_tokens": 1, "cache_read_input_tokens": 2}'], 2, "impossible"),
        (["--free", "--attempt", "3"], 1, "none of them number 3"),
        (["--usage", '{"input_tokens": 1}', "--tier", "diamond"], 1, "[[prices]]"),
    ],
)
def test_a_correction_that_makes_no_sense_changes_nothing(store, words, code: int, said: str):
    assert said in invoke("calls", "settle", store.paid, *words, "--reason", "r", code=code).output
    assert asked_json("receipt", store.paid)["adjustments"] == []


def test_a_refused_call_has_nothing_to_settle(store):
    assert "nothing to settle" in invoke("calls", "settle", store.refused, "--free", "--reason", "r", code=1).stderr


def test_a_correction_needs_a_reason(store):
    assert "--reason" in invoke("calls", "settle", store.paid, "--free", code=2).output
