"""The price book, asked from the command line."""

import pytest

from support.filled_store import BOOK, fill
from support.shell import asked_json, invoke


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_models_card_is_shown_by_tier_and_kind():
    found = asked_json("prices", "ls", "gpt-4o-mini")
    assert (found["provider"], found["book"]) == ("openai", BOOK.hash)
    standard = next(tier for tier in found["tiers"] if tier["tier"] == "standard")
    assert standard["picos_per_token"]["input"] == 150_000
    output = invoke("prices", "ls", "gpt-4o-mini").output
    assert "0.15" in output
    assert "cache read" in output


def test_long_context_tiers_say_where_they_begin():
    assert "200,000" in invoke("prices", "ls", "gemini-2.5-pro").output


def test_a_provider_may_stand_before_the_model():
    assert asked_json("prices", "ls", "anthropic/claude-haiku-4-5")["provider"] == "anthropic"


def test_a_model_nobody_knows_is_told_what_to_do():
    assert "[[prices]]" in invoke("prices", "ls", "gpt-99-ultra", code=1).stderr


def test_contract_prices_win(tmp_path):
    (tmp_path / "farthing.toml").write_text('[[prices]]\nmodel = "gpt-4o-mini"\ninput = 0.1\noutput = 0.2\n')
    found = asked_json("prices", "ls", "gpt-4o-mini")
    assert found["tiers"][0]["picos_per_token"] == {"input": 100_000, "output": 200_000}
    assert found["book"] != BOOK.hash


def test_all_models_are_listed():
    assert "openai/gpt-4o-mini" in invoke("prices", "ls").output.splitlines()
    assert {"provider": "openai", "model": "gpt-4o-mini"} in asked_json("prices", "ls")["models"]


def test_models_in_use_without_a_price_are_found(tmp_path):
    fill(tmp_path / "farthing.db")
    assert "has a price" in invoke("prices", "check").output
    (tmp_path / "farthing.toml").write_text(
        '[providers.mine]\nformat = "openai"\nbase_url = "http://127.0.0.1:1"\nmodels = ["my-model", "gpt-4o", "x-*"]\n'
    )
    assert asked_json("prices", "check", code=1)["unpriced"] == [{"provider": "mine", "model": "my-model"}]
    assert "mine/my-model: no price" in invoke("prices", "check", code=1).output
