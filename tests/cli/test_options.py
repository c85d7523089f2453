"""Where settings and the store come from, and what people may type for labels and times."""

import click
import pytest

from farthing.cli.options import config_file, label_from, names, open_store, settings_from, store_url, who
from support.filled_store import fill
from support.shell import invoke


def test_the_file_in_this_folder_is_used_where_none_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config_file(None) is None
    (tmp_path / "farthing.toml").write_text("")
    assert str(config_file(None)) == "farthing.toml"
    assert config_file(tmp_path / "other.toml") == tmp_path / "other.toml"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("x.db", "sqlite:///x.db"),
        ("/var/x.db", "sqlite:////var/x.db"),
        ("sqlite:///y.db", "sqlite:///y.db"),
        ("memory:", "memory:"),
        (None, None),
    ],
)
def test_a_store_may_be_named_by_its_path(given, url):
    assert store_url(given) == url


def test_the_named_store_wins_over_the_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "farthing.toml").write_text('[store]\nurl = "sqlite:///a.db"\n')
    assert settings_from(None).store.url == "sqlite:///a.db"
    assert settings_from(None, "b.db").store.url == "sqlite:///b.db"


def test_the_configuration_may_be_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "elsewhere.db")
    (tmp_path / "my.toml").write_text('[store]\nurl = "sqlite:///elsewhere.db"\n')
    assert "call_" in invoke("calls", "ls", env={"FARTHING_CONFIG": "my.toml"}).output


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path):
    result = invoke("calls", "ls", "--store", tmp_path / "none.db", code=69)
    assert "farthing serve" in result.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_store_in_memory_cannot_be_looked_into():
    assert "memory" in invoke("calls", "ls", "--store", "memory:", code=69).stderr


def test_another_programs_file_is_no_store(tmp_path):
    (tmp_path / "x.db").write_text("this is no database, and longer than a header of one hundred bytes " * 3)
    assert "not a SQLite database" in invoke("calls", "ls", "--store", tmp_path / "x.db", code=69).stderr


def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path):
    (tmp_path / "f.toml").write_text("[store]\nurll = 1\n")
    result = invoke("calls", "ls", "--config", tmp_path / "f.toml", code=78)
    assert "f.toml:2: store.urll: is not a setting; did you mean `url`?" in result.stderr


def test_the_store_of_the_settings_is_opened(tmp_path):
    filled = fill(tmp_path / "f.db")
    with open_store(settings_from(None, str(filled.path))) as store:
        assert len(store.records.recent(limit=10)) == 3


@pytest.mark.parametrize("text", ["team", "=x", "Team=x", "team=", "team=(none)"])
def test_labels_that_cannot_be_used_are_refused(text: str):
    with pytest.raises(click.BadParameter):
        label_from(text)


def test_a_value_may_hold_an_equals_sign():
    assert label_from("team=a=b") == ("team", "a=b")


def test_a_label_given_twice_is_a_mistake(tmp_path):
    filled = fill(tmp_path / "f.db")
    result = invoke("calls", "ls", "--store", filled.path, "--label", "team=a", "--label", "team=b", code=2)
    assert "twice" in result.output


@pytest.mark.parametrize("text", ["7", "d", "-1d", "1y", ""])
def test_times_that_are_none_are_refused(text: str, tmp_path):
    assert "24h" in invoke("usage", "--since", text, "--store", tmp_path / "f.db", code=2).output


def test_names_are_split_at_commas():
    assert names("team, model,") == ("team", "model")


def test_changes_are_signed():
    assert "command line" in who()
