"""`farthing init` writes a file that `farthing check` accepts, whatever is in the environment."""

import itertools

import pytest

from farthing.cli.init import first_config
from farthing.config.load import load
from support.shell import invoke

VARIABLES = {
    "OPENAI_API_KEY": "sk-a",
    "OPENAI_BASE_URL": "http://127.0.0.1:4242/v1",
    "ANTHROPIC_API_KEY": "sk-b",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:4242",
}
EVERY = [
    dict(chosen) for count in range(len(VARIABLES) + 1) for chosen in itertools.combinations(VARIABLES.items(), count)
]


@pytest.mark.parametrize("environment", EVERY, ids=lambda e: "+".join(e) or "nothing")
def test_the_first_file_is_always_good_and_names_what_is_there(environment, tmp_path):
    file = tmp_path / "farthing.toml"
    file.write_text(first_config(environment))
    settings = load(file, environment)
    assert len(settings.budgets) == 1
    formats = {name.split("_")[0].lower() for name in environment}
    assert {provider.format for provider in settings.providers} == formats
    for provider in settings.providers:
        assert bool(provider.api_key) == (f"{provider.format.upper()}_API_KEY" in environment)


def test_no_secret_is_written_down():
    assert "sk-" not in first_config(VARIABLES)


def test_the_parts_in_comments_are_good_too(tmp_path):
    text = first_config(VARIABLES)
    tail = text[text.index("# [[budgets]]") :]
    kept = [line[2:] for line in tail.splitlines() if line.startswith("# ") and ("=" in line or "[[" in line)]
    file = tmp_path / "farthing.toml"
    file.write_text(text + "\n" + "\n".join(kept))
    settings = load(file, VARIABLES | {"SUPPORT_BOT_KEY": "x" * 32})
    assert len(settings.budgets) == 2
    assert settings.keys[0].name == "support bot"


def test_a_file_that_is_there_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    invoke("init", env=VARIABLES)
    written = (tmp_path / "farthing.toml").read_text()
    (tmp_path / "farthing.toml").write_text("# mine\n")
    assert "--force" in invoke("init", env=VARIABLES, code=1).stderr
    assert (tmp_path / "farthing.toml").read_text() == "# mine\n"
    invoke("init", "--force", env=VARIABLES)
    assert (tmp_path / "farthing.toml").read_text() == written
    invoke("check", env=VARIABLES)


def test_a_file_without_a_provider_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "set OPENAI_API_KEY" in invoke("init").output
    assert "no provider" not in invoke("init", "--force", env=VARIABLES).output


def test_it_can_be_printed_instead(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "[[budgets]]" in invoke("init", "--print").output
    assert not (tmp_path / "farthing.toml").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    assert "cannot be written" in invoke("init", tmp_path / "no" / "where.toml", code=1).stderr
