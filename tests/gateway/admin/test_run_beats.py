"""Many runs beat in one request; those that cannot hold up no other."""

import pytest

from farthing.gateway.admin.run_beats import MOST
from support.admin import ADMIN, CALLER, KEYS, admin, bearer, refused
from support.gateway import running_gateway, write_config

BOT, BOSS = bearer(CALLER), bearer(ADMIN)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    config = write_config(tmp_path_factory.mktemp("beats"), "http://127.0.0.1:9", KEYS)
    with running_gateway(config) as running:
        yield running


def announce(gateway, run, who=BOT, **more):
    admin(gateway, "POST", "/runs", {"run": run, **more}, status=201, **who)


def beat(gateway, *runs, who=BOT, **more):
    return admin(gateway, "POST", "/runs/heartbeats", {"runs": list(runs), **more}, **who)


def test_each_is_told_whether_it_lives(gateway):
    announce(gateway, "lives", heartbeat_seconds=60)
    announce(gateway, "ended", heartbeat_seconds=60)
    admin(gateway, "POST", "/runs/ended/end", **BOT)
    announce(gateway, "of-boss", BOSS, key="boss")
    found = beat(gateway, "ended", "lives", "never-announced", "of-boss", "lives", heartbeat_seconds=30)
    assert found == {"alive": ["lives"], "over": ["ended", "never-announced", "of-boss"]}
    life = admin(gateway, "GET", "/runs/lives", **BOSS)["life"]
    assert life["heartbeat_seconds"] == 30
    assert life["phase"] == "started"
    assert admin(gateway, "GET", "/runs/ended", **BOSS)["life"]["phase"] == "ended", "no beat brings it back"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"runs": []}, "runs"),
        ({"runs": ["r"] * (MOST + 1)}, "runs"),
        ({"runs": "r"}, "runs"),
        ({"runs": ["r"], "heartbeat_seconds": 0.1}, "heartbeat_seconds"),
        ({"run": "r"}, "run"),
    ],
)
def test_what_cannot_be_is_refused_by_name(gateway, body, field):
    refused(gateway, "POST", "/runs/heartbeats", body, status=400, field=field, **BOT)
