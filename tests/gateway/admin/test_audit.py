"""The audit over HTTP: events, state, verification, seals, erasure; and users kept under pseudonyms."""

from support.admin import admin, chat, refused
from support.gateway import gateway_and_provider


def test_the_chain_is_verified_sealed_and_told(tmp_path):
    with gateway_and_provider(tmp_path) as (gateway, _):
        assert chat(gateway).status_code == 200
        admin(gateway, "POST", "/budgets", {"name": "b", "limits": {"usd": "5"}}, status=201)
        events = admin(gateway, "GET", "/audit?action=budget.*")["events"]
        assert [event["subject"] for event in events] == ["b"]
        seal = admin(gateway, "POST", "/audit/seals", status=201)
        assert admin(gateway, "GET", "/audit/seals") == {"seals": [seal]}
        refused(gateway, "POST", "/audit/seals", status=409)
        verdict = admin(gateway, "POST", "/audit/verify", {"against": seal})
        assert verdict["whole"] is True
        state = admin(gateway, "GET", "/audit/state")
        assert state["verified_findings"] == 0
        assert state["head"] == verdict["head"]


def test_a_user_is_erased_while_the_gateway_runs(tmp_path):
    with gateway_and_provider(tmp_path, '[[budgets]]\nname = "each"\nlimit = "1 USD"\neach = "user"\n') as (gateway, _):
        assert chat(gateway, **{"x-farthing-labels": "user=alice"}).status_code == 200
        done = admin(gateway, "POST", "/audit/erase", {"user": "alice"})
        assert done["rows"]["account"] == done["rows"]["call"] == 1
        refused(gateway, "POST", "/audit/erase", {"user": "alice"}, status=404, field="value")
        assert chat(gateway, **{"x-farthing-labels": "user=alice"}).status_code == 200
        assert admin(gateway, "POST", "/audit/verify", {})["findings"] == []


def test_users_arrive_under_pseudonyms(tmp_path):
    with gateway_and_provider(tmp_path, '[audit]\npseudonymous = ["user"]\n') as (gateway, _):
        assert chat(gateway, **{"x-farthing-labels": "user=alice,team=a"}).status_code == 200
        gateway.flush()
        (call,) = admin(gateway, "GET", "/calls")["calls"]
        assert call["labels"]["user"].startswith("p:")
