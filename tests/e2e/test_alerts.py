"""Alerts from a real gateway to a real receiver: told once, whatever dies in between, and silent once seen."""

import pytest

from farthing.config.engine import wall_ms
from farthing.notify.signature import verify
from farthing.testing import SimulatedProvider, list_prices
from support.admin import admin, chat
from support.gateway import write_config
from support.gateway_process import GatewayProcess
from support.hasty import eventually
from support.hooks import receiver
from support.shell import command

pytestmark = pytest.mark.slow

MORE = '[[budgets]]\nname = "all"\ncalls = 5\nwindow = "day"\n[[alerts]]\nwhen = "budget >= 80%"\nto = ["{url}"]\n'


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as simulated:
        yield simulated


def spend(gateway, calls=4):
    for _ in range(calls):
        assert chat(gateway).status_code == 200


def the_alert(gateway):
    (alert,) = admin(gateway, "GET", "/alerts")["alerts"]
    return alert


def delivered(gateway):
    found = admin(gateway, "GET", "/alerts")["alerts"]
    return bool(found) and all(one["state"] == "sent" for alert in found for one in alert["deliveries"])


def is_looked_at(gateway):
    """Whether this gateway itself has looked since the crossing."""
    rules = {rule["rule"]: rule for rule in admin(gateway, "GET", "/alerts/rules")["rules"]}
    return any(one["breached"] for one in rules["budget >= 80%"]["found"])


def test_a_crossing_reaches_its_receiver_once_through_a_dead_endpoint_and_a_restart(tmp_path, provider):
    with (
        receiver(503) as hook,
        GatewayProcess(write_config(tmp_path, provider.url, MORE.format(url=hook.url))) as gateway,
    ):
        spend(gateway)
        eventually(lambda: hook.messages, "the receiver is asked")
        eventually(lambda: the_alert(gateway)["deliveries"][0]["error"], "the failure is kept")
        gateway.kill()
        gateway.gone()
        hook.status = 204
        gateway.start()
        eventually(lambda: delivered(gateway), "it is delivered after the restart")
        spend(gateway, 1)
        eventually(lambda: is_looked_at(gateway), "the gateway has looked again")
        assert gateway.stop() == 0
        secret = command("alerts", "secret", cwd=tmp_path).stdout.strip()
    (message,) = hook.taken
    assert {one.key for one in hook.messages} == {message.key}, "one alert, whatever it took"
    assert verify(secret.encode(), message.signature, message.body, wall_ms() // 1_000)
    assert message.said["subject"] == "all, calls"
    assert message.said["value"] == 800_000


def test_two_gateways_on_one_file_tell_it_once(tmp_path, provider):
    with receiver() as hook:
        config = write_config(tmp_path, provider.url, MORE.format(url=hook.url))
        with GatewayProcess(config) as one, GatewayProcess(config) as other:
            spend(one, 2)
            spend(other, 2)
            eventually(lambda: delivered(one), "it is delivered")
            for gateway in (one, other):
                eventually(lambda gateway=gateway: is_looked_at(gateway), "both have looked")
            assert the_alert(one) == the_alert(other)
            assert the_alert(one)["deliveries"][0]["attempts"] == 1
    assert len(hook.messages) == 1


def test_acknowledging_drops_what_waits_and_silences_it(tmp_path, provider):
    with (
        receiver(503) as hook,
        GatewayProcess(write_config(tmp_path, provider.url, MORE.format(url=hook.url))) as gateway,
    ):
        spend(gateway)
        eventually(lambda: hook.messages, "the receiver is asked")
        done = command("alerts", "ack", the_alert(gateway)["id"], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        hook.status = 204
        spend(gateway, 1)
        eventually(lambda: is_looked_at(gateway), "the gateway has looked again")
        alert = the_alert(gateway)
        assert (alert["state"], alert["deliveries"][0]["state"]) == ("firing", "dropped")
        assert gateway.stop() == 0
    assert hook.taken == []


def test_a_file_with_a_bad_rule_is_told_with_its_line(tmp_path, provider):
    file = write_config(tmp_path, provider.url, MORE.format(url="ftp//x").replace("budget >=", "bugdet >="))
    lines = file.read_text().splitlines()
    done = command("check", file, cwd=tmp_path)
    assert done.returncode == 78
    when = next(number for number, line in enumerate(lines, 1) if line.startswith("when"))
    assert f"farthing.toml:{when}: alerts[0].when: column 1: `bugdet` is nothing that can be watched" in done.stderr
    assert f"farthing.toml:{when + 1}: alerts[0].to: address 1: " in done.stderr
