"""Events survive any split, keep their bytes, and mean what the WHATWG specification says."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from farthing.wire.sse import Splitter, data_of, event, name_of

STREAMS = st.lists(
    st.sampled_from(
        [
            *(b"data: ", b"data:", b"data", b"event: e", b"event:", b"id: 1", b": note", b":", b"x", b" ", b"\xc3\xa9"),
            *(b"\n", b"\n\n", b"\r\n", b"\r\n\r\n", b"\r", b"\xef\xbb\xbf", b"dat", b"a: {}", b'{"a":1}', b"\x00"),
        ]
    ),
    max_size=30,
).map(b"".join)
CUTS = st.lists(st.integers(0, 200), max_size=12)


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    return [raw[start:end] for start, end in pairwise(edges)]


def split(parts: list[bytes], limit: int = 1 << 20) -> tuple[list[bytes], bytes]:
    splitter = Splitter(limit)
    events = [event for part in parts for event in splitter.feed(part)]
    events += splitter.end()
    return events, splitter.rest()


def specified(raw: bytes) -> list[tuple[str, str]]:
    """(event, data) pairs by the specification's own steps (9.2.6), a character at a time. Slow on purpose."""
    text = raw.decode("utf-8", errors="replace").removeprefix("\ufeff")
    lines, line, at = [], "", 0
    while at < len(text):
        if text[at] in "\r\n":
            at += 2 if text[at : at + 2] == "\r\n" else 1
            lines.append(line)
            line = ""
        else:
            line += text[at]
            at += 1
    found, data, name = [], "", ""
    for each in lines:  # an unfinished line at the end is dropped
        if not each:
            if data:
                found.append((name, data.removesuffix("\n")))
            data = name = ""
        elif not each.startswith(":"):
            field, _, value = each.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data += value + "\n"
            elif field == "event":
                name = value
    return found


@given(STREAMS, CUTS)
@example(b"data: a\r\n\r\ndata: b\r\n\r\n", [8, 9, 10, 11])
@example(b"data: a\r\r\ndata: b\n\n", [9])
@example(b"\xef\xbb\xbfdata: a\n\n", [1, 2, 3])
@example(b"data: a\n\n\n\n\ndata: b\n\n", [])
@example(b"data: a\n\ndata: b\r\rdata: c\n\n", [9])
@example(b"data: a\n\n\ndata: b\n\n", [9])
@example(b"data: a\n\ndata: b\n\n\ndata: c\n\n", [9])
@example(b"data: a\n\ndata: b\n\ndata: c\r\rdata: d\n\n", [9])
def test_any_split_gives_the_same_events(raw: bytes, cuts: list[int]) -> None:
    whole = split([raw])
    assert split(pieces(raw, cuts)) == whole
    assert split([raw[at : at + 1] for at in range(len(raw))]) == whole


@given(STREAMS, CUTS)
def test_no_byte_is_lost_or_changed(raw: bytes, cuts: list[int]) -> None:
    events, rest = split(pieces(raw, cuts))
    assert b"".join(events) + rest in (raw, raw.removeprefix(b"\xef\xbb\xbf"))


@given(STREAMS, CUTS)
@example(b"data\n\ndata:\ndata: x\n\nevent: a\nevent: b\ndata:  y\n\n", [])
def test_events_mean_what_the_specification_says(raw: bytes, cuts: list[int]) -> None:
    events, _ = split(pieces(raw, cuts))
    ours = [(name_of(each).decode(errors="replace"), data_of(each).decode(errors="replace")) for each in events]
    assert [pair for pair in ours if pair[1]] == [pair for pair in specified(raw) if pair[1]]


@given(st.lists(st.binary(max_size=30), max_size=5), CUTS)
def test_arbitrary_bytes_never_break_the_splitter(parts: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(parts)
    assert split(parts) == split(pieces(raw, cuts))


def test_a_piece_of_many_events_is_cut_at_each() -> None:
    splitter = Splitter()
    assert splitter.feed(b"data: 0\n\n") == [b"data: 0\n\n"]
    assert splitter.feed(b"data: 1\n\ndata: 2\n\ndata: 3") == [b"data: 1\n\n", b"data: 2\n\n"]
    assert splitter.holds(b"data: 3")
    assert splitter.rest() == b"data: 3"
    assert splitter.feed(b"\n\n") == [b"data: 3\n\n"]
    assert splitter.feed(b"data: 4\n\n: ping\n\n") == [b"data: 4\n\n", b": ping\n\n"]
    assert not splitter.holds(b"data")


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_an_event_beyond_the_limit_stops_the_reading_whatever_the_pieces(size: int) -> None:
    raw = b"data: ok\n\n" + b"data: " + b"x" * 40 + b"\n\n" + b"data: never\n\n"
    splitter = Splitter(limit=32)
    events = [each for at in range(0, len(raw), size) for each in splitter.feed(raw[at : at + size])]
    assert events == [b"data: ok\n\n"]
    assert splitter.too_long
    assert splitter.rest() == b""


def test_an_event_of_exactly_the_limit_passes() -> None:
    raw = b"data: " + b"x" * 24 + b"\n\n"
    splitter = Splitter(limit=len(raw))
    assert splitter.feed(raw) == [raw]
    assert not splitter.too_long


def test_a_large_event_in_small_pieces_is_read_in_linear_time() -> None:
    raw = b"data: " + b"x" * 2_000_000 + b"\n\n"
    events, rest = split([raw[at : at + 64] for at in range(0, len(raw), 64)], limit=1 << 22)
    assert (events, rest) == ([raw], b"")


@given(st.text().filter(lambda name: "\r" not in name and "\n" not in name), st.binary())
def test_what_is_written_cannot_break_out_of_its_event(name: str, data: bytes) -> None:
    raw = event(name, data)
    events, rest = split([raw])
    assert (events, rest) == ([raw], b"")
    assert data_of(raw) == b"\n".join(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    assert name_of(raw) == name.encode()


def test_an_event_without_a_name_has_only_data() -> None:
    assert event(None, b'{"a":1}') == b'data: {"a":1}\n\n'
    assert event("error", b"{}") == b"event: error\ndata: {}\n\n"
    with pytest.raises(AssertionError):
        event("a\nb", b"")


def test_between_events_nothing_is_held() -> None:
    splitter = Splitter(limit=40)
    assert not splitter.between  # a byte order mark may come
    splitter.feed(b"data: 1\n\n")
    assert splitter.between
    splitter.feed(b"data: 2\n")
    assert not splitter.between
    splitter.feed(b"\n")
    assert splitter.between
    splitter.feed(b"data: " + b"x" * 50)
    assert (splitter.too_long, splitter.between) == (True, False)


def test_a_byte_order_mark_is_dropped_even_in_the_piece_of_the_first_event() -> None:
    assert Splitter().feed(b"\xef\xbb\xbfdata: 1\n\n") == [b"data: 1\n\n"]
    assert Splitter().feed(b"\xefdata: 1\n\n") == [b"\xefdata: 1\n\n"]
