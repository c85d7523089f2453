"""What counts as a key, and what counts as the same request."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.gateway.idempotency import fingerprint, key_in


@pytest.mark.parametrize(
    "value", [b"a", b"8e03978e-40d5-43e8-bc93-6894a57f9324", b'"quoted"', b"x" * 255, b"two words"]
)
def test_i12_a_key_is_taken_as_it_is(value):
    assert key_in(value) == value.decode()


@pytest.mark.parametrize("value", [b"", b"x" * 256, b"caf\xc3\xa9", b"tab\there", b"\x7f", b"\x00"])
def test_what_cannot_be_a_key_is_refused_by_its_name(value):
    with pytest.raises(BadRequest) as refused:
        key_in(value)
    assert (refused.value.status, refused.value.field) == (400, "idempotency-key")


def test_spaces_and_the_order_of_keys_make_no_other_request():
    body = b'{"model":"m","messages":[{"role":"user","content":"a b"}]}'
    same = b'{ "messages": [ {"content": "a\\u0020b", "role": "user"} ],\n "model": "m" }'
    assert fingerprint("/chat", body) == fingerprint("/chat", same)


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("/chat", b'{"a":[1,3]}'),
        ("/chat", b'{"a":[2,1]}'),
        ("/chat", b'{"a":["1",2]}'),
        ("/chat", b'{"a":[1,2],"b":null}'),
        ("/chat?x=1", b'{"a":[1,2]}'),
        ("/messages", b'{"a":[1,2]}'),
    ],
)
def test_another_value_or_another_route_is_another_request(where, body):
    assert fingerprint(where, body) != fingerprint("/chat", b'{"a":[1,2]}')
