"""`farthing receipt`: one call, to the nano-dollar."""

import pytest

from farthing.domain.ids import show
from farthing.domain.money import usd
from support.filled_store import PAID, USAGE, fill
from support.shell import asked_json, invoke


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path / "farthing.db")


def test_the_lines_of_a_receipt_sum_to_its_cost(store):
    found = asked_json("receipt", store.paid)
    (attempt,) = found["attempts"]
    assert found["cost_usd"] == usd(PAID.nanos)
    assert sum(line["picos"] for line in attempt["lines"]) == PAID.nanos * 1_000
    assert {line["kind"]: line["tokens"] for line in attempt["lines"]} == {
        "input": USAGE.input_tokens - USAGE.cache_read_input_tokens,
        "cache_read": USAGE.cache_read_input_tokens,
        "output": USAGE.output_tokens,
    }
    assert (found["complete"], found["adds_up"]) == (True, True)
    assert (attempt["bound"], attempt["input_bound"], attempt["output_cap"]) == ("exact", 1_300, 1_000)
    assert {share["unit"]: share["amount"] for share in attempt["shares"]} == {"usd": usd(PAID.nanos), "calls": "1"}


def test_what_was_held_stands_beside_what_was_posted_exactly(store):
    (attempt,) = asked_json("receipt", store.paid)["attempts"]
    money = next(share for share in attempt["shares"] if share["unit"] == "usd")
    assert money["posted"] == usd(PAID.nanos)
    assert float(money["held"]) > float(money["posted"])
    assert f"held ${money['held']}, posted ${money['posted']}" in invoke("receipt", store.paid).output


def test_an_open_hold_has_posted_nothing_yet(store):
    (attempt,) = asked_json("receipt", store.unknown)["attempts"]
    assert {share["posted"] for share in attempt["shares"]} == {None}
    assert "holds $" in invoke("receipt", store.unknown).output


def test_the_plain_receipt_says_the_same(store):
    output = invoke("receipt", store.paid).output
    assert store.paid in output
    assert "cache read" in output
    assert "every nano-dollar of it stands in a line above" in output


def test_a_refused_call_cost_nothing_and_says_why(store):
    output = invoke("receipt", store.refused).output
    assert "refused budget_exceeded, status 402" in output
    assert asked_json("receipt", store.refused)["cost_usd"] == "0"


def test_an_outcome_nobody_knows_is_not_the_last_word(store):
    output = invoke("receipt", store.unknown).output
    assert "outcome unknown" in output
    assert "the connection was reset" in output
    assert "not the last word" in output
    assert asked_json("receipt", store.unknown)["complete"] is False


def test_contract_prices_that_came_later_do_not_rewrite_the_past(store, tmp_path):
    (tmp_path / "farthing.toml").write_text('[[prices]]\nmodel = "gpt-4o-mini"\ninput = 99\noutput = 99\n')
    found = asked_json("receipt", store.paid)
    assert found["cost_usd"] == usd(PAID.nanos)
    assert found["adds_up"] is False
    assert "book" in found["attempts"][0]["unexplained"]


def test_what_is_no_id_is_told_how_ids_look(store):
    assert show("call", 1) in invoke("receipt", "123", code=2).output
    assert "calls ls" in invoke("receipt", show("call", 1), code=1).stderr
