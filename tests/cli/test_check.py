"""`farthing check` explains a good configuration and places every mistake of a bad one."""

import json

from support.shell import asked_json, invoke

GOOD = """
[providers.openai]
format = "openai"
api_key = "env:OPENAI_API_KEY"

[[budgets]]
name = "all"
limit = "5 USD"
window = "month"
"""
KEY = {"OPENAI_API_KEY": "sk-very-secret"}


def test_a_good_file_is_explained_back_without_its_secrets(tmp_path):
    file = tmp_path / "f.toml"
    file.write_text(GOOD)
    output = invoke("check", file, env=KEY).output
    assert "all: at most 5 USD in each month" in output
    assert "key from env:OPENAI_API_KEY" in output
    assert "sk-very-secret" not in output
    assert output.rstrip().endswith("good")


def test_every_mistake_is_told_with_file_and_line(tmp_path):
    file = tmp_path / "f.toml"
    file.write_text(GOOD.replace("month", "moon").replace("api_key", "api_kee"))
    result = invoke("check", file, env=KEY, code=78)
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"{file}:4: providers.openai.api_kee: ")
    assert lines[1].startswith(f"{file}:9: budgets[0].window: ")
    assert "2 problems" in lines[2]


def test_programs_get_the_same(tmp_path):
    file = tmp_path / "f.toml"
    file.write_text(GOOD.replace("month", "moon"))
    (problem,) = asked_json("check", file, env=KEY, code=78)["problems"]
    assert (problem["line"], problem["field"]) == (9, "budgets[0].window")
    file.write_text(GOOD)
    assert asked_json("check", file, env=KEY) == {"file": str(file), "problems": [], "warnings": []}


def test_a_missing_variable_is_named(tmp_path):
    file = tmp_path / "f.toml"
    file.write_text(GOOD)
    assert "OPENAI_API_KEY, which is not set" in invoke("check", file, code=78).stderr


def test_a_missing_file_is_a_bad_configuration(tmp_path):
    assert "farthing init" in invoke("check", tmp_path / "none.toml", code=78).stderr


def test_warnings_fail_only_where_they_are_asked_to(tmp_path):
    file = tmp_path / "f.toml"
    file.write_text(GOOD + '\n[[budgets]]\nname = "t"\nlimit = "1 USD"\nmatch = { team = "a" }\n')
    assert "can avoid" in invoke("check", file, env=KEY).output
    invoke("check", file, "--strict", env=KEY, code=1)
    assert json.loads(invoke("check", file, "--json", env=KEY).stdout)["warnings"]


def test_without_a_file_the_environment_is_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "the environment: good" in invoke("check", env=KEY).output
