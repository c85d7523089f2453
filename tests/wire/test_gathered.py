"""What a walk over a prompt collects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.errors import BadRequest
from farthing.wire.gathered import Gathered, nested, time_to_live, utf8_length

words = st.text(st.characters(codec="utf-8"))


@given(st.lists(st.lists(words), max_size=5))
def test_the_bytes_of_messages_are_those_of_their_pieces(messages):
    found = Gathered()
    for message in messages:
        found.begin_message()
        found.pieces.extend(message)
    sizes = [sum(len(piece.encode()) for piece in message) for message in messages]
    assert found.message_bytes() == sizes
    assert found.bytes() == sum(sizes)
    assert list(found.texts()) == [piece for message in messages for piece in message]


def test_what_stands_before_the_first_message_belongs_to_none():
    found = Gathered()
    found.json({"a": "ä"})
    found.begin_message()
    found.pieces.append("xy")
    assert (found.message_bytes(), found.bytes()) == ([2], 2 + len('{"a":"ä"}'.encode()))
    assert list(found.texts()) == ['{"a":"ä"}', "xy"]


@given(words)
def test_length_is_in_utf8(word):
    assert utf8_length(word) == utf8_length(word.encode()) == len(word.encode())


def test_breakpoints_are_noted_with_their_time_to_live():
    found = Gathered()
    found.breakpoint({"text": "x"}, "messages[0]")
    found.breakpoint({"cache_control": None}, "messages[0]")
    assert found.ttls == set()
    found.breakpoint({"cache_control": {"type": "ephemeral"}}, "messages[0]")
    found.breakpoint({"caching": {"type": "ephemeral", "ttl": "1h"}}, "tools[0]", "caching")
    assert found.ttls == {"5m", "1h"}


@pytest.mark.parametrize("ttl", ["24h", 5, "1H"])
def test_a_time_to_live_without_a_known_price_is_refused(ttl):
    with pytest.raises(BadRequest) as refused:
        time_to_live({"ttl": ttl}, "system[0].cache_control")
    assert refused.value.field == "system[0].cache_control.ttl"


def test_nested_values_are_found_at_any_depth():
    assert list(nested({"a": [{"k": 1}, {"b": {"k": {"k": 2}}}], "k": 3}, "k")) == [3, 1, {"k": 2}, 2]


@given(st.lists(words, min_size=1), st.lists(words))
def test_lengths_are_right_however_often_they_are_asked_for_in_between(first, then):
    found = Gathered()
    found.begin_message()
    found.pieces.extend(first)
    before = found.bytes()
    found.begin_message()
    found.pieces.extend(then)
    assert found.bytes() == sum(len(piece.encode()) for piece in first + then)
    assert found.message_bytes() == [before, found.bytes() - before]


def test_a_message_of_nothing_but_texts_is_taken_as_it_is():
    found = Gathered()
    messages = [
        {"role": "user", "content": "hé"},
        {"content": "", "role": "tool", "tool_call_id": "call_1"},
        {"role": "user", "content": ["hé"]},
        {"role": "user", "content": "hé"},
    ]
    assert found.plain_messages(messages) == 2
    assert list(found.texts()) == ["user", "hé", "", "tool", "call_1"]
    assert found.message_bytes() == [7, 10]


@pytest.mark.parametrize(
    "message",
    [None, "x", ["user"], {}, {"content": "x"}, {"role": "", "content": "x"}, {"role": 1, "content": "x"},
     {"role": "user", "content": None}, {"role": "user", "content": ["x"]}, {"role": "user", "content": "x", "audio": {}}],
)  # fmt: skip
def test_any_other_message_is_left_to_be_looked_into(message):
    found = Gathered()
    assert found.plain_messages([message]) == 0
    assert (found.pieces, found.bytes()) == ([], 0)


@given(st.lists(st.tuples(st.booleans(), st.dictionaries(st.text(), st.text(), max_size=3))))
def test_messages_taken_at_once_are_measured_like_those_taken_one_by_one(mixed):
    messages = [{"role": "user", **texts, **({} if plain else {"more": None})} for plain, texts in mixed]
    found, at = Gathered(), 0
    while (at := found.plain_messages(messages, at)) < len(messages):
        found.begin_message()
        found.pieces += [value for value in messages[at].values() if value is not None]
        at += 1
    lengths = [sum(utf8_length(value) for value in message.values() if value) for message in messages]
    assert found.message_bytes() == lengths
    assert found.bytes() == sum(map(utf8_length, found.pieces)) == sum(lengths)
