"""`farthing doctor` finds what is wrong, says what to do, and changes nothing."""

import pytest

from farthing.stores.sqlite.connect import open_database
from farthing.testing import SimulatedProvider
from support.filled_store import fill
from support.shell import asked_json, invoke


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "farthing.toml").write_text(
        '[gateway]\nport = 2\n[providers.openai]\nformat = "openai"\nbase_url = "http://127.0.0.1:1/v1"\n'
    )
    return tmp_path


def findings(*words: str, code: int = 0) -> list[tuple[str, str, str]]:
    return [(f["part"], f["state"], f["said"]) for f in asked_json("doctor", *words, code=code)["findings"]]


def test_all_is_well_where_it_is(here):
    fill(here / "farthing.db")
    found = findings("--offline")
    assert ("ledger", "good", "every balance is the sum of its 2 attempts") in found
    assert ("owners", "good", "no process has the ledger open") in found
    assert any(part == "holds" and state == "note" and "nobody knows" in said for part, state, said in found)
    output = invoke("doctor", "--offline").output
    assert output.rstrip().endswith("all is well")


def test_a_balance_that_does_not_add_up_is_bad(here):
    fill(here / "farthing.db")
    connection = open_database(here / "farthing.db")
    connection.execute("UPDATE account SET posted = posted + 1 WHERE unit = 'usd'")
    connection.close()
    result = invoke("doctor", "--offline", code=1)
    assert "all//usd/lifetime: posted says" in result.output
    assert "1 thing to mend" in result.output


def test_a_closed_gate_is_bad_and_says_how_to_open_it(here):
    fill(here / "farthing.db")
    connection = open_database(here / "farthing.db")
    connection.execute(
        "INSERT INTO gate (name, attempt, at_ms, detail) VALUES ('openai/m', 17, 1, 'four times the cap')"
    )
    connection.close()
    assert "farthing budgets acknowledge openai/m" in invoke("doctor", "--offline", code=1).output


def test_a_bad_configuration_is_told_line_by_line(here):
    (here / "farthing.toml").write_text("[gateway]\nprot = 1\nhots = 2\n")
    said = [said for part, state, said in findings(code=1) if state == "bad"]
    assert [line.split(":")[1] for line in said] == ["2", "3"]


def test_a_provider_that_is_not_there_is_bad(here):
    assert any(part == "providers" and state == "bad" for part, state, _ in findings(code=1))


def test_a_provider_that_answers_is_good_and_is_billed_nothing(here):
    with SimulatedProvider().in_thread() as provider:
        env = {"OPENAI_API_KEY": "sk", "OPENAI_BASE_URL": f"{provider.url}/v1"}
        (here / "farthing.toml").unlink()
        assert "answers in" in invoke("doctor", env=env).output
        assert len(provider.bill) == 0


def test_nothing_is_changed_by_looking(here):
    store = fill(here / "farthing.db", in_flight=True)
    before = store.path.read_bytes()
    invoke("doctor", "--offline")
    assert store.path.read_bytes() == before


def test_a_store_that_is_not_there_yet_is_only_noted(here):
    assert ("store", "note", "farthing.db is not there yet") in findings("--offline")
    assert not (here / "farthing.db").exists()


def test_a_store_that_is_no_store_is_bad(here):
    (here / "farthing.db").write_text("this is not a database at all, and long enough to have a header " * 3)
    assert any(part == "store" and state == "bad" for part, state, _ in findings("--offline", code=1))
