"""Alerts over HTTP: told, listed, shown, acknowledged; the rules with what they find; a test of every address."""

import json

from farthing.notify.signature import verify
from farthing.ports.alerts import Event
from support.admin import ADMIN, CALLER, KEYS, admin, bearer, chat, refused
from support.gateway import gateway_and_provider
from support.hasty import eventually
from support.hooks import receiver

FIVE = '[[budgets]]\nname = "all"\ncalls = 5\n'


def rules(url, *more):
    return f'{FIVE}[[alerts]]\nwhen = "budget >= 80%"\nto = ["{url}", "log"]\n' + "".join(more)


def ring(gateway):
    gateway.loop.call_soon_threadsafe(gateway.engine.alerting.notices.bell.set)


def told(gateway, count=1, **query):
    """The alerts, as soon as there are so many and nothing of them waits."""
    found = []

    def all_sent():
        ring(gateway)
        found[:] = admin(gateway, "GET", "/alerts")["alerts"]
        states = [one["state"] for alert in found for one in alert["deliveries"]]
        return len(found) == count and set(states) <= {"sent"}

    eventually(all_sent, f"{count} alerts are told and delivered")
    return found


def test_a_crossing_is_told_once_signed_shown_and_acknowledged(tmp_path):
    with receiver() as hook, gateway_and_provider(tmp_path, rules(hook.url)) as (gateway, _):
        for _ in range(4):
            assert chat(gateway).status_code == 200
        (alert,) = told(gateway)
        assert {one["to"]: one["attempts"] for one in alert["deliveries"]} == {
            f"http://127.0.0.1:{hook.port}": 1,
            "log": 1,
        }
        assert (alert["rule"], alert["subject"], alert["state"]) == ("budget >= 80%", "all, calls", "firing")
        assert (alert["value"], alert["threshold"]) == ("80 %", "80 %")
        assert alert["at"].endswith("Z")
        (message,) = hook.taken
        assert message.said["alert"] == alert["id"]
        secret = gateway.engine.store.alert_secret.encode()
        assert verify(secret, message.signature, message.body, gateway.engine.now_ms() // 1_000)
        assert "T0K3N" not in json.dumps(alert)

        assert admin(gateway, "GET", f"/alerts/{alert['id']}") == alert
        seen = admin(gateway, "POST", f"/alerts/{alert['id']}/acknowledge")
        assert seen["acknowledged_by"] == "admin side without keys"
        assert admin(gateway, "POST", f"/alerts/{alert['id']}/acknowledge") == seen, "again changes nothing"
        assert chat(gateway).status_code == 200
        assert told(gateway) == [seen]


def test_alerts_come_page_by_page(tmp_path):
    with gateway_and_provider(tmp_path, FIVE) as (gateway, _):
        for run in ("a", "b", "c"):
            event = Event(
                kind="loop", subject=f"run {run}", detail="the same call again", at_ms=gateway.engine.now_ms()
            )
            gateway.loop.call_soon_threadsafe(gateway.engine.notice, event)
        told(gateway, 3)
        first = admin(gateway, "GET", "/alerts?limit=2")
        rest = admin(gateway, "GET", f"/alerts?limit=2&before={first['next']}")
        numbers = [alert["id"] for alert in (*first["alerts"], *rest["alerts"])]
        assert numbers == [3, 2, 1]
        assert rest["next"] is None
        assert len(admin(gateway, "GET", "/alerts?firing=true")["alerts"]) == 3
        assert first["alerts"][0]["value"] == "1"
        refused(gateway, "GET", "/alerts?limit=0", status=400, field="limit")
        refused(gateway, "GET", "/alerts?firing=perhaps", status=400, field="firing")


def test_rules_say_what_they_find_or_why_they_are_silent(tmp_path):
    more = '[[alerts]]\nwhen = "cost_per_success > 1 USD"\n'
    with gateway_and_provider(tmp_path, FIVE + '[[alerts]]\nwhen = "budget > 90%"\n' + more) as (gateway, _):
        for _ in range(4):
            chat(gateway)
        found = {}

        def looked():
            ring(gateway)
            found.update({rule["rule"]: rule for rule in admin(gateway, "GET", "/alerts/rules")["rules"]})
            return bool(found["budget > 90%"]["found"])

        eventually(looked, "the rules are looked at")
        assert found["cost_per_success > 1 USD"]["silent"] == "nobody reports which runs succeeded"
        (reading,) = found["budget > 90%"]["found"]
        assert (reading["subject"], reading["value"], reading["breached"]) == ("all, calls", "80 %", False)
        assert found["budget > 90%"]["to"] == ["log"]
        assert found["loop"]["silent"] == ""


def test_a_test_reaches_every_address_and_says_which_did_not_take_it(tmp_path):
    with receiver() as good, receiver(500) as bad:
        more = f'[[alerts]]\nwhen = "loop"\nto = ["{bad.url}"]\n'
        with gateway_and_provider(tmp_path, rules(good.url, more)) as (gateway, _):
            trials = {one["to"]: one for one in admin(gateway, "POST", "/alerts/test")["trials"]}
            assert trials["log"]["delivered"]
            assert trials[f"http://127.0.0.1:{good.port}"]["delivered"]
            failed = trials[f"http://127.0.0.1:{bad.port}"]
            assert (failed["delivered"], failed["error"]) == (False, f"http://127.0.0.1:{bad.port} answered 500")
            assert good.messages[0].said["rule"] == "test"
            assert admin(gateway, "GET", "/alerts") == {"alerts": [], "next": None}, "nothing of it is kept"


def test_what_is_not_there_is_not_found(tmp_path):
    with gateway_and_provider(tmp_path, FIVE) as (gateway, _):
        for name in ("7", "x", "-1", "9" * 30, "%00"):
            refused(gateway, "GET", f"/alerts/{name}", status=404)
        refused(gateway, "POST", "/alerts/7/acknowledge", status=404)


def test_only_the_admin_side_may_look(tmp_path):
    with gateway_and_provider(tmp_path, FIVE + KEYS) as (gateway, _):
        refused(gateway, "GET", "/alerts", status=401)
        refused(gateway, "POST", "/alerts/test", status=403, **bearer(CALLER))
        assert admin(gateway, "GET", "/alerts", **bearer(ADMIN))["alerts"] == []
