"""Who asks is worked out once for what a client repeats, and again when it says something else or our keys change."""

import pytest

from farthing.accounts.secrets import digest, index, issue
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.asker import asker_of, heard_of, patience_ms
from farthing.gateway.head import HeadReader
from support.rawclient import request

ISSUED = issue(bytes(range(37)))
KEY = Key(id=ISSUED.id, name="k", digest=digest(ISSUED.secret))
KEYS = index((KEY,))
BEARER = b"Authorization: Bearer " + ISSUED.secret.encode()


def head(reader, *lines, body=b"{}"):
    return reader.read(request(*lines, body=body).partition(b"\r\n\r\n")[0])


def test_the_same_words_are_worked_out_once():
    reader = HeadReader(100)
    first = asker_of(head(reader, BEARER, b"X-Farthing-Labels: user=a"), KEYS, "10.0.0.7")
    second = asker_of(head(reader, BEARER, b"X-Farthing-Labels: user=b", body=b"{ }"), KEYS, "10.0.0.7")
    assert second is first
    assert first.key is KEY


def test_labels_are_those_of_each_head():
    reader = HeadReader(100)
    for user in (b"a", b"b"):
        one = head(reader, b"X-Farthing-Labels: user=" + user, b"Thread-Id: t")
        heard = heard_of(asker_of(one, {}, "127.0.0.1"), one)
        assert heard == ((b"thread-id", b"t"), (b"x-farthing-labels", b"user=" + user))
    bare = head(reader, b"Thread-Id: t")
    assert heard_of(asker_of(bare, {}, "127.0.0.1"), bare) == ((b"thread-id", b"t"),)


def test_a_key_that_is_revoked_is_unknown_at_once():
    reader = HeadReader(100)
    asker_of(head(reader, BEARER), KEYS, "10.0.0.7")
    other = index((Key(id="other", name="o", digest=digest("o" * 20)),))
    with pytest.raises(BadRequest) as caught:
        asker_of(head(reader, BEARER), other, "10.0.0.7")
    assert caught.value.status == 401


def test_the_first_key_that_is_made_ends_keyless_mode_at_once():
    reader = HeadReader(100)
    assert asker_of(head(reader), {}, "127.0.0.1").key is None
    with pytest.raises(BadRequest) as caught:
        asker_of(head(reader), KEYS, "127.0.0.1")
    assert caught.value.status == 401


def test_another_credential_on_the_same_connection_is_another_asker():
    reader = HeadReader(100)
    asker_of(head(reader, BEARER), KEYS, "10.0.0.7")
    with pytest.raises(BadRequest) as caught:
        asker_of(head(reader, BEARER[:-1] + b"?"), KEYS, "10.0.0.7")
    assert caught.value.status == 401


def test_a_refusal_is_not_remembered():
    reader = HeadReader(100)
    for _ in range(2):
        with pytest.raises(BadRequest):
            asker_of(head(reader), KEYS, "127.0.0.1")
    assert asker_of(head(reader, BEARER), KEYS, "127.0.0.1").key is KEY


@pytest.mark.parametrize(
    ("line", "status"),
    [(b"Origin: https://evil.example", 403), (b"X-Forwarded-For: 10.0.0.7", 403), (b"Content-Encoding: gzip", 415)],
)
def test_a_line_that_is_new_is_judged_though_all_others_are_known(line, status):
    reader = HeadReader(100)
    asker_of(head(reader, b"X-A: b"), {}, "127.0.0.1")
    with pytest.raises(BadRequest) as caught:
        asker_of(head(reader, line), {}, "127.0.0.1")
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("headers", "ms"),
    [
        ({}, None),
        ({b"x-stainless-timeout": b"60"}, 60_000),
        ({b"x-stainless-timeout": b"0.5"}, 500),
        ({b"x-stainless-read-timeout": b"600"}, 600_000),
        ({b"x-stainless-timeout": b"NOT_GIVEN"}, None),
        ({b"x-stainless-timeout": b"0"}, None),
        ({b"x-stainless-timeout": b"-1"}, None),
        ({b"x-stainless-timeout": b"nan"}, None),
        ({b"x-stainless-timeout": b"inf"}, None),
        ({b"x-stainless-timeout": b"\xd9\xa3"}, None),
    ],
    ids=str,
)
def test_how_long_a_client_waits_is_taken_from_its_own_words(headers, ms):
    assert patience_ms(headers) == ms
