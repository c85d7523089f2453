"""Events on the wire."""

from farthing.testing.answer import Event


def test_an_event_with_a_name_has_two_lines():
    assert Event(name="ping", data={"type": "ping"}, made=0).encoded() == b'event: ping\ndata: {"type":"ping"}\n\n'


def test_an_event_without_a_name_has_one():
    assert Event(data={"a": 1}, made=0).encoded() == b'data: {"a":1}\n\n'


def test_no_data_is_openais_end():
    assert Event(made=0).encoded() == b"data: [DONE]\n\n"


def test_raw_bytes_are_sent_as_they_are():
    assert Event(data={"a": 1}, made=0, raw=b"junk").encoded() == b"junk"
