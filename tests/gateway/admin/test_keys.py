"""Keys over HTTP: what they may, whom they lock out, and that none gives more than it has."""

import msgspec
import pytest

from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.admin.keys import check_within
from support.admin import ADMIN, CALLER, admin, bearer, chat, refused

BOSS = bearer(ADMIN)


def test_a_new_key_works_at_once_and_its_secret_is_shown_once(locked):
    made = admin(locked, "POST", "/keys", {"name": "new", "labels": {"team": "a"}}, status=201, **BOSS)
    assert made["secret"].startswith(f"fk_{made['id']}_")
    assert chat(locked, **bearer(made["secret"])).status_code == 200
    listed = {key["name"]: key for key in admin(locked, "GET", "/keys", **BOSS)["keys"]}
    assert list(listed) == ["boss", "bot", "new"]
    assert "secret" not in listed["new"]
    assert listed["new"]["labels"] == {"team": "a"}
    assert listed["new"]["source"] == "store"


def test_a_revoked_key_is_refused_by_the_next_call(locked):
    secret = admin(locked, "POST", "/keys", {"name": "short"}, status=201, **BOSS)["secret"]
    assert chat(locked, **bearer(secret)).status_code == 200
    assert admin(locked, "DELETE", "/keys/short", **BOSS)["revoked_at"]
    assert chat(locked, **bearer(secret)).status_code == 401


def test_the_first_key_ends_keyless_mode_and_revoking_it_keeps_the_door_locked(gateway):
    assert chat(gateway).status_code == 200
    secret = admin(gateway, "POST", "/keys", {"name": "first", "rights": ["admin"]}, status=201)["secret"]
    assert chat(gateway).status_code == 401
    admin(gateway, "DELETE", "/keys/first", **bearer(secret))
    assert chat(gateway).status_code == 401
    assert chat(gateway, **bearer(secret)).status_code == 401
    refused(gateway, "GET", "/keys", status=401)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "id": "mine"}, "id"),
        ({"name": "x", "digest": "0" * 64}, "digest"),
        ({"name": "x", "secret": "chosen-by-the-caller"}, "secret"),
        ({"name": "x", "source": "file"}, "source"),
        ({"name": "x", "revoked_ms": 0}, "revoked_ms"),
        ({"name": "x", "rights": ["root"]}, "rights[0]"),
        ({"name": "x", "labels": {"TEAM": "a"}}, "labels"),
        ({"name": "x", "labels": ["team"]}, "labels"),
        ({"name": "x", "labels": {"team": "a"}, "may_set": ["team"]}, "may_set"),
        ({"name": "x", "require": ["user"]}, "require"),
        ({"name": "x", "max_values": 0}, "max_values"),
        ({"name": "x", "max_values": "1000"}, "max_values"),
    ],
    ids=str,
)
def test_what_a_new_key_may_not_be_is_refused_by_the_field(one_locked, body, field):
    refused(one_locked, "POST", "/keys", body, status=400, field=field, **BOSS)
    assert len(admin(one_locked, "GET", "/keys", **BOSS)["keys"]) == 2


def test_a_name_is_given_once_and_the_files_keys_are_the_files(locked):
    admin(locked, "POST", "/keys", {"name": "twin"}, status=201, **BOSS)
    refused(locked, "POST", "/keys", {"name": "twin"}, status=409, field="name", **BOSS)
    refused(locked, "POST", "/keys", {"name": "bot"}, status=409, field="name", **BOSS)
    refused(locked, "DELETE", "/keys/bot", status=409, **BOSS)
    refused(locked, "DELETE", "/keys/nobody", status=404, **BOSS)
    assert chat(locked, **bearer(CALLER)).status_code == 200


def test_an_admin_key_without_the_right_to_call_cannot_give_it(locked):
    secret = admin(locked, "POST", "/keys", {"name": "clerk", "rights": ["admin"]}, status=201, **BOSS)["secret"]
    refused(locked, "POST", "/keys", {"name": "x"}, status=403, field="rights", **bearer(secret))
    admin(locked, "POST", "/keys", {"name": "x", "rights": ["admin"]}, status=201, **bearer(secret))


MAKER = Key(
    id="m",
    name="maker",
    digest="d",
    labels=(("team", "a"),),
    may_set=("user",),
    require=("user",),
    max_values=10,
    rights=("call", "admin"),
)
WITHIN = Key(id="k", name="k", digest="d", labels=(("team", "a"),), may_set=("user",), require=("user",), max_values=10)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"labels": ()}, "labels"),
        ({"labels": (("team", "b"),)}, "labels"),
        ({"labels": (("org", "x"), ("team", "a"))}, "labels"),
        ({"may_set": ("user", "project")}, "may_set"),
        ({"require": ()}, "require"),
        ({"max_values": 11}, "max_values"),
    ],
    ids=str,
)
def test_a_key_bound_to_labels_makes_only_keys_within_them(change, field):
    check_within(WITHIN, MAKER)
    with pytest.raises(BadRequest) as caught:
        check_within(msgspec.structs.replace(WITHIN, **change), MAKER)
    assert (caught.value.status, caught.value.field) == (403, field)


def test_a_key_may_bind_what_its_makers_callers_may_set():
    check_within(msgspec.structs.replace(WITHIN, labels=(("team", "a"), ("user", "u1")), require=()), MAKER)


def test_who_changed_a_key_is_audited(locked, tmp_path):
    import sqlite3

    admin(locked, "POST", "/keys", {"name": "seen"}, status=201, **BOSS)
    with sqlite3.connect(tmp_path / "farthing.db") as store:
        rows = store.execute("SELECT by, action, subject FROM audit").fetchall()
    store.close()
    assert ("key boss", "key.add", "seen") in rows


def test_an_administrator_may_give_the_right_to_approve_and_others_give_only_what_they_have():
    admin_key = msgspec.structs.replace(MAKER, rights=("admin",))
    approver = msgspec.structs.replace(WITHIN, rights=("approve",))
    check_within(approver, admin_key)
    with pytest.raises(BadRequest) as caught:
        check_within(approver, msgspec.structs.replace(MAKER, rights=("call",)))
    assert (caught.value.status, caught.value.field) == (403, "rights")
    with pytest.raises(BadRequest):
        check_within(msgspec.structs.replace(approver, labels=(("team", "b"),)), admin_key)
    with pytest.raises(BadRequest):
        check_within(
            msgspec.structs.replace(WITHIN, rights=("admin",)), msgspec.structs.replace(MAKER, rights=("approve",))
        )
