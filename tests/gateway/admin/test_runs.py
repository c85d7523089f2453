"""Runs over HTTP: announced, beating, ended and resumed; callers speak for their own runs only."""

from support.admin import ADMIN, BUDGET, CALLER, KEYS, admin, bearer, chat, refused
from support.gateway import gateway_and_provider

BOT, BOSS = bearer(CALLER), bearer(ADMIN)


def test_a_caller_announces_beats_and_ends_its_own_run(locked):
    body = {"run": "r1", "heartbeat_seconds": 30, "labels": {"team": "support"}}
    made = admin(locked, "POST", "/runs", body, status=201, **BOT)
    assert (made["run"], made["phase"], made["key"], made["heartbeat_seconds"]) == ("r1", "started", "bot", 30)
    beaten = admin(locked, "POST", "/runs/r1/heartbeat", {"heartbeat_seconds": 60}, **BOT)
    assert beaten["heartbeat_seconds"] == 60
    assert admin(locked, "POST", "/runs/r1/end", **BOT)["phase"] == "ended"
    assert chat(locked, **BOT, x_farthing_labels="run=r1").status_code == 402


def test_a_caller_speaks_for_no_other_keys_run(locked):
    admin(locked, "POST", "/runs", {"run": "r1", "key": "boss"}, status=201, **BOSS)
    refused(locked, "POST", "/runs", {"run": "r1"}, status=403, field="run", **BOT)
    refused(locked, "POST", "/runs/r1/heartbeat", {}, status=403, field="run", **BOT)
    refused(locked, "POST", "/runs/r1/end", status=403, field="run", **BOT)
    refused(locked, "POST", "/runs", {"run": "r2", "key": "boss"}, status=403, field="key", **BOT)
    refused(locked, "POST", "/runs/r1/resume", status=403, field="authorization", **BOT)
    refused(locked, "GET", "/runs", status=403, field="authorization", **BOT)


def test_a_caller_cannot_take_a_run_that_another_key_calls_under(tmp_path):
    other = '[[keys]]\nname = "other"\nsecret = "another-secret-of-the-file"\nmay_set = ["run"]\n[guard]\n'
    with gateway_and_provider(tmp_path, BUDGET + KEYS + other) as (gateway, _):
        assert chat(gateway, **bearer("another-secret-of-the-file"), x_farthing_labels="run=r9").status_code == 200
        refused(gateway, "POST", "/runs", {"run": "r9"}, status=403, field="run", **BOT)


def test_an_administrators_end_holds_for_every_key(locked):
    admin(locked, "POST", "/runs/r1/end", **BOSS)
    assert chat(locked, **BOT, x_farthing_labels="run=r1").status_code == 402
    report = admin(locked, "POST", "/runs/r1/resume", **BOSS)
    assert report["life"]["phase"] != "ended"
    assert chat(locked, **BOT, x_farthing_labels="run=r1").status_code == 200


def test_what_cannot_be_is_refused_by_name(locked):
    refused(locked, "POST", "/runs", {"run": ""}, status=400, field="run", **BOT)
    refused(locked, "POST", "/runs", {"run": "x" * 200}, status=400, field="run", **BOT)
    refused(locked, "POST", "/runs", {"run": "r", "labels": {"A": "b"}}, status=400, field="labels", **BOT)
    refused(locked, "POST", "/runs", {"run": "r", "heartbeat_seconds": 0}, status=400, **BOT)
    refused(locked, "POST", "/runs/never/heartbeat", {}, status=404, **BOT)
    refused(locked, "POST", "/runs/never/end", status=404, **BOT)
    refused(locked, "GET", "/runs/never", status=404, **BOSS)
    admin(locked, "POST", "/runs", {"run": "r1"}, status=201, **BOT)
    refused(locked, "POST", "/runs", {"run": "r1", "parent": "r1"}, status=409, field="run", **BOT)


def test_a_list_and_an_account_of_runs(locked):
    assert admin(locked, "GET", "/runs", **BOSS) == {"runs": []}
    admin(locked, "POST", "/runs", {"run": "r1"}, status=201, **BOT)
    chat(locked, **BOT, x_farthing_labels="run=r1")
    (run,) = admin(locked, "GET", "/runs?phase=active", **BOSS)["runs"]
    assert (run["run"], run["in_flight"]) == ("r1", 0)
    assert admin(locked, "GET", "/runs?phase=ended", **BOSS) == {"runs": []}
    report = admin(locked, "GET", "/runs/r1", **BOSS)
    (line,) = report["usage"]
    assert (line["model"], line["calls"], line["cost_usd"]) == ("gpt-4o-mini", 1, report["cost_usd"])
    assert report["life"]["last_call_at"] is not None


def test_a_run_that_only_called_has_an_account_too(locked):
    chat(locked, **BOT, x_farthing_labels="run=r5")
    report = admin(locked, "GET", "/runs/r5", **BOSS)
    assert report["life"] is None
    assert report["usage"][0]["calls"] == 1


def test_the_receipt_of_a_run_is_the_sum_of_its_calls(locked):
    for step in ("plan", "act"):
        chat(locked, **BOT, x_farthing_labels=f"run=r7,step={step}")
    found = admin(locked, "GET", "/runs/r7/receipt", **BOSS)
    assert found["cost_usd"] == admin(locked, "GET", "/runs/r7", **BOSS)["cost_usd"]
    assert len(found["turns"]) == found["calls"] == 2
    refused(locked, "GET", "/runs/never/receipt", status=404, **BOSS)
    refused(locked, "GET", "/runs/r7/receipt", status=403, **BOT)
