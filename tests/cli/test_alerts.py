"""Alerts at the command line: listed, shown, acknowledged; the rules; a test of every address; the secret of webhooks."""

import pytest

from farthing.config.engine import wall_ms
from farthing.notify.signature import verify
from farthing.stores.sqlite.alerts import SqliteOutbox
from support.alerting import HOOK, LOG, NOON, an_alert
from support.filled_store import fill
from support.hooks import receiver
from support.shell import asked_json, invoke

FILE = """
[providers.openai]
format = "openai"
[[budgets]]
name = "all"
calls = 5
[[alerts]]
when = "budget >= 1%"
to = ["log", "env:HOOK"]
[[alerts]]
when = "cost_per_success > 1 USD"
"""
NOWHERE = {"HOOK": "http://127.0.0.1:9/x"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "farthing.toml").write_text(FILE)
    return tmp_path


@pytest.fixture
def outbox(folder):
    outbox = SqliteOutbox(folder / "farthing.db")
    yield outbox
    outbox.close()


def listed(*words):
    return [alert["id"] for alert in asked_json("alerts", "ls", *words, env=NOWHERE)]


def test_the_newest_come_first_and_those_that_fire_can_be_asked_for(outbox):
    for subject in ("a", "b", "c"):
        outbox.tell(an_alert(subject), (LOG, HOOK))
    outbox.rearm("budget > 80%", [one for one in outbox.fired("budget > 80%") if one.subject == "b"], wall_ms())
    assert listed() == [3, 2, 1]
    assert listed("--limit", "1") == [3]
    assert listed("--firing") == [3, 1]
    said = invoke("alerts", "ls", env=NOWHERE).output
    assert "budget > 80%" in said
    assert "over" in said
    assert "waiting" in said


def test_an_empty_list_says_what_to_look_at(outbox):
    outbox.recent(limit=1)
    assert "`farthing alerts rules`" in invoke("alerts", "ls", env=NOWHERE).output
    assert "no alert is firing" in invoke("alerts", "ls", "--firing", env=NOWHERE).output


def test_one_is_shown_with_where_it_went(outbox):
    outbox.tell(an_alert(), (HOOK,))
    outbox.failed(outbox.claim({HOOK.digest}, NOON, 1), "it answered 500", NOON, NOON)
    said = invoke("alerts", "show", 1, env=NOWHERE).output
    assert said.startswith("it is full\n\nall of it\n")
    assert "firing" in said
    assert f"{HOOK.label}: waiting (it answered 500)" in said
    assert asked_json("alerts", "show", 1, env=NOWHERE)["deliveries"][0]["attempts"] == 1


def test_acknowledging_drops_what_waits_and_is_kept_with_who_did_it(outbox):
    for subject in ("a", "b"):
        outbox.tell(an_alert(subject), (HOOK,))
    said = invoke("alerts", "ack", 1, 2, env=NOWHERE).output
    assert "alert 1 is firing, acknowledged by" in said
    assert [outbox.find(n).deliveries[0].state for n in (1, 2)] == ["dropped", "dropped"]
    assert "at the command line" in outbox.find(1).acknowledged_by


@pytest.mark.parametrize("words", [["show", 7], ["ack", 7], ["ack", 1, 7], ["show", 2**70]])
def test_an_alert_that_is_not_there_is_told_and_nothing_changes(outbox, words):
    outbox.tell(an_alert(), (HOOK,))
    assert "`farthing alerts ls` shows all" in invoke("alerts", *words, env=NOWHERE, code=1).output
    assert outbox.find(1).acknowledged_ms is None


def test_without_a_store_it_is_said(folder):
    assert "there is no store" in invoke("alerts", "ls", env=NOWHERE, code=69).output


def test_rules_say_what_they_find_now_and_tell_nobody(folder, outbox):
    fill(folder / "farthing.db")
    rules = {rule["rule"]: rule for rule in asked_json("alerts", "rules", env=NOWHERE)}
    assert rules["budget >= 1%"]["to"] == ["log", "http://127.0.0.1:9 (env:HOOK)"]
    assert rules["cost_per_success > 1 USD"]["silent"] == "nobody reports which runs succeeded"
    said = invoke("alerts", "rules", env=NOWHERE).output
    assert "silent: nobody reports" in said
    assert "nothing is near" in said
    assert outbox.recent(limit=1) == ()


def test_a_test_is_signed_with_the_secret_that_is_shown(folder):
    with receiver() as hook:
        here = {"HOOK": hook.url}
        said = invoke("alerts", "test", env=here).output
        secret = invoke("alerts", "secret", env=here).stdout.strip()
    assert f"http://127.0.0.1:{hook.port} (env:HOOK): delivered" in said
    assert "log: delivered" in said
    (message,) = hook.taken
    assert verify(secret.encode(), message.signature, message.body, wall_ms() // 1_000)
    assert "T0K3N" not in said


def test_an_address_that_cannot_be_reached_fails_the_test(folder):
    with receiver(503) as hook:
        trials = asked_json("alerts", "test", env={"HOOK": hook.url}, code=1)
    assert [(trial["delivered"], trial["error"]) for trial in trials] == [
        (True, ""),
        (False, f"http://127.0.0.1:{hook.port} answered 503"),
    ]
