"""Who is calling: keys in any of three headers, and the rules that keep web pages and other machines out without keys."""

import msgspec
import pytest

from farthing.accounts.secrets import digest, index, issue
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.identify import (
    _MOST_CALLERS,
    _callers,
    authenticate,
    caller_of,
    check_json,
    check_keyless,
    key_of,
    presented,
)
from support.admin import ADMIN, CALLER, chat

ISSUED = issue(bytes(range(37)))
KEY = Key(id=ISSUED.id, name="k", digest=digest(ISSUED.secret), labels=(("team", "a"),), may_set=("user",))
KEYS = index((KEY,))
SECRET = ISSUED.secret.encode()
LOCAL = {b"host": b"127.0.0.1:4141"}


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer " + SECRET},
        {b"authorization": b"bearer   " + SECRET + b" "},
        {b"x-api-key": SECRET},
        {b"x-goog-api-key": SECRET},
        {b"authorization": b"Basic eDp5", b"x-api-key": SECRET},
    ],
    ids=lambda headers: ",".join(name.decode() for name in headers),
)
def test_a_key_is_taken_from_any_of_its_headers(headers):
    assert authenticate(headers, KEYS, "10.0.0.7") is KEY


@pytest.mark.parametrize(
    "shown",
    [b"", SECRET[:-1], SECRET + b"a", SECRET.upper(), ISSUED.id.encode(), digest(ISSUED.secret).encode(), b"\xff\xfe"],
)
def test_anything_else_is_no_key(shown):
    with pytest.raises(BadRequest) as caught:
        authenticate({b"authorization": b"Bearer " + shown}, KEYS, "127.0.0.1")
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert ISSUED.secret not in str(caught.value)


def test_the_bearer_wins_over_other_headers():
    assert presented({b"authorization": b"Bearer a", b"x-api-key": b"b"}) == "a"


def test_a_right_that_is_lacking_is_named():
    with pytest.raises(BadRequest) as caught:
        key_of({b"x-api-key": SECRET}, KEYS, "admin")
    assert caught.value.status == 403
    assert "admin" in str(caught.value)


def test_a_revoked_key_is_unknown():
    assert index((msgspec.structs.replace(KEY, revoked_ms=1),)) == {}


def test_labels_of_a_key_win_and_only_its_own_choose_budgets():
    heard = ((b"x-farthing-labels", b"team=b,user=u,project=p"),)
    caller = caller_of(KEY, heard, ())
    assert dict(caller.labels) == {"team": "a", "user": "u", "project": "p"}
    assert caller.trusted == {"team", "user"}
    assert caller.tenant == "k"
    assert caller_of(None, heard, ()).trusted is None


@pytest.mark.parametrize(
    "host", [b"127.0.0.1", b"127.0.0.1:4141", b"localhost", b"localhost:80", b"[::1]", b"[::1]:4141"]
)
def test_without_keys_this_machine_is_served_by_its_own_names(host):
    check_keyless({b"host": host}, "127.0.0.1")
    check_keyless({b"host": host, b"origin": b"http://localhost:3000", b"sec-fetch-site": b"same-origin"}, "::1")


@pytest.mark.parametrize(
    ("headers", "peer", "field"),
    [
        (LOCAL, "10.0.0.7", ""),
        (LOCAL, "192.168.1.2", ""),
        (LOCAL, "::ffff:10.0.0.7", ""),
        (LOCAL, "", ""),
        ({}, "127.0.0.1", "host"),
        ({b"host": b"evil.example"}, "127.0.0.1", "host"),
        ({b"host": b"127.0.0.1.evil.example"}, "127.0.0.1", "host"),
        ({b"host": b"localhost.evil.example:4141"}, "127.0.0.1", "host"),
        ({b"host": b"10.0.0.7:4141"}, "127.0.0.1", "host"),
        ({**LOCAL, b"origin": b"https://evil.example"}, "127.0.0.1", "origin"),
        ({**LOCAL, b"origin": b"null"}, "127.0.0.1", "origin"),
        ({**LOCAL, b"origin": b""}, "127.0.0.1", "origin"),
        ({**LOCAL, b"origin": b"http://localhost.evil.example"}, "127.0.0.1", "origin"),
        ({**LOCAL, b"origin": b"file://"}, "127.0.0.1", "origin"),
        ({**LOCAL, b"sec-fetch-site": b"cross-site"}, "127.0.0.1", "sec-fetch-site"),
        ({**LOCAL, b"sec-fetch-site": b"same-site"}, "127.0.0.1", "sec-fetch-site"),
        ({**LOCAL, b"forwarded": b"for=10.0.0.7"}, "127.0.0.1", "forwarded"),
        ({**LOCAL, b"x-forwarded-for": b""}, "127.0.0.1", "x-forwarded-for"),
        ({**LOCAL, b"x-forwarded-host": b"a"}, "127.0.0.1", "x-forwarded-host"),
        ({**LOCAL, b"x-real-ip": b"10.0.0.7"}, "127.0.0.1", "x-real-ip"),
    ],
    ids=str,
)
def test_without_keys_pages_proxies_and_other_machines_are_refused(headers, peer, field):
    with pytest.raises(BadRequest) as caught:
        authenticate(headers, {}, peer)
    assert (caught.value.status, caught.value.field) == (403, field)


@pytest.mark.parametrize("kind", [b"application/json", b"Application/JSON; charset=utf-8"])
def test_a_body_that_says_it_is_json_is_read(kind):
    check_json({b"content-type": kind})


@pytest.mark.parametrize("kind", [b"", b"text/plain", b"application/x-www-form-urlencoded", b"application/jsonp"])
def test_a_form_of_a_web_page_is_refused(kind):
    with pytest.raises(BadRequest) as caught:
        check_json({b"content-type": kind})
    assert (caught.value.status, caught.value.field) == (415, "content-type")


def test_the_rules_hold_at_the_door(one_gateway, one_locked):
    assert chat(one_gateway, origin="https://evil.example").status_code == 403
    assert chat(one_gateway, content_type="text/plain").status_code == 415
    assert chat(one_locked).status_code == 401
    assert chat(one_locked, authorization=f"Bearer {CALLER}").status_code == 200
    assert chat(one_locked, x_goog_api_key=ADMIN).status_code == 200
    assert chat(one_locked, authorization=f"Bearer {CALLER}", origin="https://app.example").status_code == 200


def test_the_same_words_under_the_same_key_are_the_very_same_caller_and_under_another_key_never():
    heard = ((b"x-farthing-labels", b"user=a"),)
    again = ((bytes(bytearray(b"x-farthing-labels")), bytes(bytearray(b"user=a"))),)
    one = caller_of(KEY, heard, ())
    assert caller_of(KEY, again, ()) is one
    reloaded = msgspec.structs.replace(KEY, labels=(("team", "b"),), max_values=3)
    other = caller_of(reloaded, heard, ())
    assert (dict(other.labels), other.max_values) == ({"team": "b", "user": "a"}, 3)
    assert dict(caller_of(KEY, heard, (("tag.x", "y"),)).labels) == {"tag.x": "y", "team": "a", "user": "a"}
    assert caller_of(None, heard, ()).trusted is None
    assert caller_of(KEY, heard, ()) is one


def test_callers_cannot_fill_the_memory_by_what_they_say_and_long_words_are_not_kept():
    for number in range(_MOST_CALLERS + 10):
        assert dict(caller_of(KEY, ((b"x-farthing-labels", b"user=%d" % number),), ()).labels)["user"] == str(number)
        assert len(_callers) <= _MOST_CALLERS
    before = len(_callers)
    caller_of(KEY, ((b"traceparent", b"0" * 300),), ())
    assert len(_callers) == before


def test_what_cannot_be_used_is_refused_every_time():
    for _ in range(2):
        with pytest.raises(BadRequest):
            caller_of(KEY, ((b"x-farthing-labels", b"User=a"),), ())
