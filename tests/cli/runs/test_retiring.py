"""Retiring a deployment at the command line, and taking it back."""

import pytest

from support.shell import asked_json, invoke


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_deployment_is_retired_until_it_is_restored():
    made = asked_json("runs", "retire", "v1", "--why", "v2 took over")
    assert (made["label"], made["value"], made["until"], made["why"]) == ("deployment", "v1", None, "v2 took over")
    assert [each["value"] for each in asked_json("runs", "ls")["suspensions"]] == ["v1"]
    assert asked_json("runs", "restore", "v1")["was_suspended"]
    assert asked_json("runs", "ls")["suspensions"] == []


def test_what_was_not_retired_is_said_to_be_so():
    assert "was not suspended" in invoke("runs", "restore", "v9").output
