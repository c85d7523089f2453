"""Chunks that differ in content and padding alone are counted without being read; no other chunk is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.wire.openai.chat_alike import CONTENT, LONGEST, Alike

JUNK = b'"usage":{"prompt_tokens":1},"finish_reason":"stop"'


def chunk(content: str, *, padding: str | None = None, **more: object) -> bytes:
    choices = [{"index": 0, "delta": {"content": content}, "finish_reason": None}]
    body = {"id": "chatcmpl-1", "choices": choices, "usage": None, **more}
    if padding is not None:
        body["obfuscation"] = padding
    return b"data: " + json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"


def model(event: bytes | None = None) -> Alike:
    alike = Alike()
    event = event or chunk("Hel")
    assert alike.take(event, event.find(CONTENT) + len(CONTENT))
    return alike


def run(alike: Alike, piece: bytes) -> tuple[int, int, int]:
    return alike.run(piece), alike.events, alike.bytes


def test_without_a_model_nothing_is_alike() -> None:
    assert run(Alike(), chunk("lo")) == (0, 0, 0)


def test_chunks_like_the_model_are_counted_however_many_a_piece_holds() -> None:
    alike, word = model(), chunk("lo")
    assert run(alike, word) == (len(word), 1, 2)
    assert run(alike, word * 3) == (3 * len(word), 3, 6)
    assert run(alike, b"") == (0, 0, 0)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_content_is_alike_and_counted_as_it_is_written(content: str) -> None:
    event = chunk(content)
    assert run(model(), event) == (len(event), 1, len(json.dumps(content, ensure_ascii=False).encode()) - 2)


def test_padding_may_be_of_any_length() -> None:
    alike = model(chunk("Hel", padding="aB3"))
    more = chunk("lo", padding="x") + chunk(" you", padding="0123456789abcdef")
    assert run(alike, more) == (len(more), 2, 6)


def test_what_is_incomplete_or_of_another_kind_is_left_to_be_read() -> None:
    alike, word = model(), chunk("lo")
    assert run(alike, word + word[:-1]) == (len(word), 1, 2)
    assert run(alike, word + b"data: [DONE]\n\n" + word) == (len(word), 1, 2)


@pytest.mark.parametrize(
    "other",
    [
        chunk(""),
        chunk("lo", id="chatcmpl-2"),
        chunk("lo", usage={"prompt_tokens": 1}),
        chunk("lo", service_tier="priority"),
        chunk("lo").replace(b"null}]", b'"stop"}]'),
        chunk("lo").replace(b'"lo"', b'"lo",' + JUNK),
        chunk("lo").replace(b'"lo"', b'"lo\\\\",' + JUNK + b',"x":"\\"'),
        chunk("lo").replace(b'"lo"', b'"l\no"'),
        chunk("lo").replace(b'"lo"', b'"l\ro"'),
        chunk("lo").replace(b'"lo"', b'"lo\\"'),
        b"\n" + chunk("lo"),
        b"event: x\n" + chunk("lo"),
    ],
)
def test_a_chunk_that_differs_anywhere_else_is_not_alike(other: bytes) -> None:
    assert run(model(), other) == (0, 0, 0)


@pytest.mark.parametrize("padding", ["", 'a","usage":{"prompt_tokens":1},"b":"c', "a\\", "a\nb"])
def test_padding_that_is_no_padding_is_read(padding: str) -> None:
    raw = chunk("lo", padding="MARK").replace(b"MARK", padding.encode())
    assert run(model(chunk("Hel", padding="a")), raw) == (0, 0, 0)


@pytest.mark.parametrize("event", [chunk(""), chunk("lo").replace(b'"lo"', b'"l\no"')])
def test_content_that_is_empty_or_has_no_end_makes_no_model(event: bytes) -> None:
    alike = Alike()
    assert alike.take(event, event.find(CONTENT) + len(CONTENT)) == 0
    assert run(alike, event) == (0, 0, 0)


def test_an_event_of_several_lines_is_counted_and_makes_no_model() -> None:
    for event in (chunk("lo").replace(b"\n\n", b"\nid: 1\n\n"), chunk("lo").replace(b"\n", b"\r\n")):
        alike = Alike()
        assert alike.take(event, event.find(CONTENT) + len(CONTENT)) == 2
        assert run(alike, event) == (0, 0, 0)


def test_a_piece_too_long_to_compare_is_read() -> None:
    word = chunk("x" * (LONGEST // 2))
    assert run(model(), word)[1] == 1
    assert run(model(), word * 2) == (0, 0, 0)


def test_a_stream_whose_chunks_all_differ_is_given_up() -> None:
    alike = Alike()
    for created in range(20):
        event = chunk("lo", created=created)
        alike.take(event, event.find(CONTENT) + len(CONTENT))
    assert run(alike, event) == (0, 0, 0)
    assert run(alike, chunk("you", created=7))[1] == 1
