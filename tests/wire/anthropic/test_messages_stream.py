"""A streamed Messages answer, in any pieces; bugs of others are named by their numbers."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.usage import Usage
from farthing.wire.anthropic.messages_stream import MessagesStream
from farthing.wire.dialect import Note
from support.messages_wire import (
    ENDING,
    OPENING,
    OVERLOADED,
    PING,
    STOP,
    data_in,
    delta,
    end,
    event,
    start,
)

NOTE = Note(call_id="call_1", cost_usd="0.00123", remaining_usd=None)


def fed(*pieces: bytes, **settings) -> tuple[MessagesStream, bytes]:
    stream = MessagesStream(**settings)
    return stream, b"".join(stream.feed(piece) for piece in pieces)


def cut_at(whole: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(whole) + 1) for cut in cuts} | {0, len(whole)})
    return [whole[a:b] for a, b in pairwise(places)]


def test_everything_before_the_end_goes_on_at_once_and_the_end_waits():
    stream, out = fed(*OPENING, *ENDING)
    assert out == b"".join(OPENING)
    assert stream.ended
    assert stream.finish(None) == b"".join(ENDING)


def test_r37_the_usage_of_message_delta_is_the_answers_usage():
    stream, _ = fed(*OPENING, end(output_tokens=15), STOP)
    answered = stream.answered()
    assert answered.usage == Usage(input_tokens=21, output_tokens=15)
    assert (answered.finish, answered.id, answered.model) == ("end_turn", "msg_01", "claude-sonnet-4-6-20260217")


def test_class_8_the_placeholder_of_message_start_is_never_the_answers_usage():
    stream, _ = fed(*OPENING)
    assert stream.answered().usage is None
    assert stream.partial() == Usage(input_tokens=21, output_tokens=1)
    assert not stream.ended


def test_r33_a_stream_that_breaks_off_gives_back_every_byte_and_no_usage():
    whole = b"".join(OPENING)
    stream, out = fed(whole[:-7])
    assert out + stream.rest() == whole[:-7]
    assert stream.answered().usage is None
    assert stream.observed == 2


def test_class_7_usage_counts_although_the_stream_breaks_off_before_message_stop():
    stream, _ = fed(*OPENING, end(output_tokens=15))
    assert not stream.ended
    assert stream.answered().usage == Usage(input_tokens=21, output_tokens=15)
    assert stream.rest() == end(output_tokens=15)


def test_class_6_the_total_of_the_end_outgrows_the_split_of_the_start():
    split = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 50}
    opening = start(cache_creation_input_tokens=50, cache_creation=split)
    closing = end(input_tokens=30, cache_creation_input_tokens=500, cache_read_input_tokens=40, output_tokens=9)
    usage = fed(opening, closing, STOP)[0].answered().usage
    assert usage == Usage(
        input_tokens=570,
        output_tokens=9,
        cache_read_input_tokens=40,
        cache_write_input_tokens=500,
        cache_write_1h_input_tokens=50,
    )
    assert fed(opening, closing, STOP, hour_only=True)[0].answered().usage.cache_write_1h_input_tokens == 500


def test_r38_an_end_that_reports_zero_input_does_not_undo_the_start():
    stream, _ = fed(start(), delta(text="x"), end(input_tokens=0, output_tokens=3), STOP)
    assert stream.answered().usage == Usage(input_tokens=21, output_tokens=3)


def test_r38_zero_output_after_output_is_not_believed():
    answered = fed(*OPENING, end(output_tokens=0), STOP)[0].answered()
    assert answered.usage is None
    assert "zero output" in answered.flaw


def test_usage_that_comes_twice_counts_once():
    stream, out = fed(*OPENING, end(None, output_tokens=8), end(output_tokens=15), end(output_tokens=15), STOP)
    assert out == b"".join(OPENING) + end(None, output_tokens=8)
    assert stream.answered().usage == Usage(input_tokens=21, output_tokens=15)


def test_running_usage_raises_what_was_observed():
    stream, _ = fed(*OPENING, end(None, output_tokens=800))
    assert stream.observed == 800


def test_an_end_without_usage_leaves_the_cost_unknown():
    answered = fed(*OPENING, end(), STOP)[0].answered()
    assert (answered.usage, answered.flaw, answered.finish) == (None, "", "end_turn")


def test_usage_that_cannot_be_read_is_a_flaw():
    answered = fed(*OPENING, end(output_tokens="many"), STOP)[0].answered()
    assert answered.usage is None
    assert "output_tokens" in answered.flaw


def test_our_note_is_the_only_change_to_the_end():
    stream, _ = fed(*OPENING, *ENDING)
    ending = stream.finish(NOTE)
    noted = data_in(ending, "message_delta")
    assert noted.pop("farthing") == msgspec.to_builtins(NOTE)
    assert noted == data_in(ENDING[0], "message_delta")
    assert ending.endswith(STOP)
    assert ENDING[0][: -len(b"}\n\n")] in ending


def test_an_overloaded_provider_ends_the_stream_as_failed():
    stream, out = fed(*OPENING, OVERLOADED)
    assert out == b"".join(OPENING)
    assert stream.ended
    assert stream.answered().failed == "overloaded_error"
    assert stream.answered().usage is None
    assert stream.finish(NOTE) == OVERLOADED


@pytest.mark.parametrize(
    ("piece", "observed"),
    [
        (delta(text="Hi"), 1),
        (delta(text=""), 0),
        (delta("input_json_delta", partial_json='{"location":'), 1),
        (delta("input_json_delta", partial_json=""), 0),
        (delta("thinking_delta", thinking="Let me see"), 1),
        (delta("signature_delta", signature="EqQBCgIYAhIM1gbcDa9GJwZA2b3h"), 0),
        (delta("citations_delta", citation={"type": "page_location", "cited_text": "x"}), 0),
        (b'event: content_block_delta\ndata: {"type": "content_block_delta", "delta": {"text": "spaced"}}\n\n', 1),
        (b'data: {"type": "content_block_delta", "delta": {"text": "unnamed"}}\n\n', 1),
        (PING, 0),
    ],
)
def test_only_new_output_is_observed(piece, observed):
    stream, out = fed(piece)
    assert (stream.observed, out) == (observed, piece)
    assert (stream.output_bytes > 0) == (observed > 0)


def test_output_bytes_are_those_of_the_output():
    assert fed(delta(text="wörld"))[0].output_bytes == 6


def test_the_tier_is_told_as_it_is_billed():
    assert fed(start(speed="fast"), *ENDING)[0].answered().tier == "fast"


@pytest.mark.parametrize("name", ["message_start", "message_delta", "message_stop"])
def test_an_event_with_usage_that_is_no_json_breaks_the_stream(name):
    stream, _ = fed(b"event: %b\ndata: {oops\n\n" % name.encode())
    assert name in stream.broken


def test_an_endless_event_breaks_the_stream_instead_of_the_memory():
    stream, _ = fed(b"event: content_block_delta\ndata: ", *[b"x" * (1 << 20)] * 9)
    assert "too long" in stream.broken
    assert len(stream.rest()) < 9 << 20


def test_events_we_do_not_know_pass():
    odd = event("content_block_sparkle", {"type": "content_block_sparkle"}) + b": a comment\n\n"
    stream, out = fed(odd)
    assert out == odd
    assert not stream.broken


@given(st.lists(st.integers(0, 10**4), max_size=12))
def test_any_split_of_the_bytes_gives_the_same(cuts):
    whole = b"".join((*OPENING, *ENDING))
    stream, out = fed(*cut_at(whole, cuts))
    assert out == b"".join(OPENING)
    assert stream.finish(None) == b"".join(ENDING)
    assert (stream.observed, stream.output_bytes, stream.ended, stream.broken) == (2, 13, True, "")
    assert stream.answered().usage == Usage(input_tokens=21, output_tokens=15)


@given(st.lists(st.integers(0, 10**4), max_size=6), st.integers(0, 10**4), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_wherever_a_stream_breaks_off_no_byte_is_lost_or_invented(cuts, length, line_end):
    whole = b"".join((*OPENING, *ENDING)).replace(b"\n", line_end)
    whole = whole[: length % (len(whole) + 1)]
    stream, out = fed(*cut_at(whole, cuts))
    assert out + stream.rest() == whole


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_bytes_that_are_no_stream_never_raise(junk, cuts):
    stream, _ = fed(*cut_at(b"event: message_delta\ndata: " + junk + b"\n\n" + junk, cuts))
    stream.answered()
    stream.partial()
    stream.finish(NOTE)
