"""Our note in a provider's event."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.wire.dialect import Note
from farthing.wire.note import with_note
from farthing.wire.sse import data_of, name_of

NOTE = Note(call_id="call_1", cost_usd="0.1", remaining_usd=None)
NOTED = {"call_id": "call_1", "cost_usd": "0.1", "remaining_usd": None}


@pytest.mark.parametrize("data", [b'{"a":1}', b'{ "a" : 1 } ', b'{"a":1\n}', b"{}", b"{ }"])
def test_the_note_is_the_last_key_and_every_other_byte_stays(data):
    raw = b"event: x\n" + b"".join(b"data: %b\n" % line for line in data.split(b"\n")) + b"\n"
    noted = data_of(with_note(raw, NOTE))
    assert json.loads(noted) == {**json.loads(data), "farthing": NOTED}
    assert noted.startswith(data.rstrip()[:-1].rstrip())
    assert name_of(with_note(raw, NOTE)) == b"x"


@pytest.mark.parametrize("raw", [b"data: [DONE]\n\n", b": comment\n\n", b"data: [1]\n\n", b"\n"])
def test_an_event_without_an_object_stays_as_it_is(raw):
    assert with_note(raw, NOTE) is raw


def test_an_event_without_a_name_gets_none():
    assert with_note(b'data: {"a":1}\n\n', NOTE).startswith(b'data: {"a":1,"farthing":')


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))))
def test_any_object_can_carry_it(data):
    data.pop("farthing", None)
    raw = b"event: e\ndata: " + json.dumps(data).encode() + b"\n\n"
    assert json.loads(data_of(with_note(raw, NOTE))) == {**data, "farthing": NOTED}
