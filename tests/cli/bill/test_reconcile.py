"""`farthing bill reconcile`: what a provider says beside what we say."""

import pytest

from support.billed_store import LAST, fill, world_with_other_costs
from support.shell import asked_json, invoke

HEAD = "model,requests,input_tokens,cache_read_input_tokens,output_tokens,cost_usd\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path)


def test_sides_that_agree_end_well(folder):
    (folder / "export.csv").write_text(HEAD + "gpt-4o-mini,3,6000,3000,300,0.000855\ngpt-99,1,2000,1000,100,0\n")
    said = invoke("bill", "reconcile", "export.csv", "--provider", "openai").stdout
    assert "gpt-4o-mini: agrees" in said


def test_a_difference_is_said_in_words_and_by_the_exit_code(folder):
    (folder / "export.csv").write_text(HEAD + "gpt-4o-mini,3,6000,3000,300,0.00171\n")
    said = invoke("bill", "reconcile", "export.csv", "--provider", "openai", code=1).stdout
    assert "gpt-4o-mini: price" in said
    assert "gpt-99: only here" in said
    assert "50.0%" in said


def test_programs_get_every_figure(folder):
    (folder / "export.csv").write_text(HEAD + "gpt-4o-mini,9,6000,3000,300,0.000855\n")
    found = asked_json("bill", "reconcile", "export.csv", "--provider", "openai", "--month", LAST, code=1)
    assert (found["agrees"], found["models"][0]["verdict"]) == (False, "counting")
    assert found["models"][0]["figures"][0] == {"name": "requests", "ours": "3", "theirs": "9", "off_percent": 66.667}


def test_a_file_that_cannot_be_read_says_why(folder):
    assert "cannot be read" in invoke("bill", "reconcile", "none.csv", "--provider", "openai", code=1).stderr
    (folder / "export.csv").write_text("model,surcharge\nx,1\n")
    said = invoke("bill", "reconcile", "export.csv", "--provider", "openai", code=1).stderr
    assert "export.csv: line 2: the column 'surcharge' is not known" in said


def test_an_empty_month_agrees_with_an_empty_file(folder):
    (folder / "export.csv").write_text("")
    said = invoke("bill", "reconcile", "export.csv", "--provider", "openai", "--month", "2020-01").stdout
    assert "nothing there and nothing here" in said


def test_what_no_provider_bills_is_left_out_and_said_so(folder):
    world_with_other_costs(folder)
    (folder / "export.csv").write_text(HEAD + "gpt-4o-mini,3,6000,3000,300,0.000855\ngpt-99,1,2000,1000,100,0\n")
    said = invoke("bill", "reconcile", "export.csv", "--provider", "openai").stdout
    assert "left out, for no provider of models bills it: $0.05 other costs beside models" in said
    (folder / "none.csv").write_text("")
    said = invoke("bill", "reconcile", "none.csv", "--provider", "openai", "--month", "this").stdout
    assert "left out, for no provider of models bills it: $0.02 paid tools" in said
    found = asked_json("bill", "reconcile", "export.csv", "--provider", "openai")
    assert (found["agrees"], found["other_usd"], found["tools_usd"]) == (True, "0.05", "0")
