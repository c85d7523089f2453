"""Streamed Gemini answers: relayed as they came, with the end kept back until the money is settled."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.usage import Usage
from farthing.wire.dialect import Note, Stream
from farthing.wire.gemini.stream import GenerateStream
from support.gemini_wire import STREAM, call, candidate, compact, counts, event, message

WHOLE = b"".join(STREAM)
USED = Usage(input_tokens=21, output_tokens=15, reasoning_output_tokens=10)
NOTE = Note(call_id="call_1", cost_usd="0.0001", remaining_usd="4.2")


def reader():
    return GenerateStream("gemini-2.5-flash")


def read(*events, close=True):
    stream = reader()
    out = b"".join(stream.feed(each) for each in events)
    if close:
        stream.close()
    return stream, out


def test_a_whole_stream_is_read_and_its_end_is_kept_back():
    stream: Stream
    stream, out = read(*STREAM)
    assert out == b"".join(STREAM[:3])
    assert stream.ended
    answered = stream.answered()
    assert (answered.usage, answered.finish, answered.model) == (USED, "STOP", "gemini-2.5-flash")
    assert answered.id == "mAitaLmkHPPlz7IP"
    assert stream.finish(None) == STREAM[3]


def test_nothing_but_the_end_of_the_bytes_ends_a_stream():
    stream, _ = read(*STREAM, close=False)
    assert not stream.ended
    stream.close()
    assert stream.ended


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
def test_any_split_of_the_bytes_gives_the_same(cuts):
    places = [0, *sorted(cuts), len(WHOLE)]
    stream, out = read(*(WHOLE[a:b] for a, b in itertools.pairwise(places)))
    assert out + stream.finish(None) == WHOLE
    assert (stream.answered().usage, stream.ended, stream.observed) == (USED, True, 15)


def test_our_note_is_the_last_key_of_the_last_chunk():
    stream, _ = read(*STREAM)
    last = json.loads(stream.finish(NOTE).removeprefix(b"data: "))
    assert list(last)[-1] == "farthing"
    assert last["farthing"] == {"call_id": "call_1", "cost_usd": "0.0001", "remaining_usd": "4.2"}


def test_usage_of_a_chunk_in_between_is_never_the_answers():
    stream, _ = read(*STREAM[:3])
    assert not stream.ended
    assert stream.answered().usage is None
    assert stream.partial() == Usage(input_tokens=21, output_tokens=14, reasoning_output_tokens=10)
    assert stream.observed == 14


def test_a_stop_in_every_chunk_ends_nothing_before_the_last():
    every = [event(message(candidate({"text": f"{at}"}, finish="STOP"), usage=counts(at + 1))) for at in range(3)]
    stream, out = read(*every)
    assert out == every[0] + every[1]
    assert stream.finish(None) == every[2]
    assert stream.answered().usage.output_tokens == 3


def test_usage_may_come_behind_the_end():
    end = event(message(candidate({"text": "a"}, finish="STOP"), usage=None))
    late = event(message(usage=counts(7)))
    stream, out = read(end, late)
    assert out == b""
    assert stream.answered().usage.output_tokens == 7
    assert stream.finish(None) == end + late


def test_a_stream_that_never_says_what_it_used_has_no_usage_and_is_whole():
    stream, out = read(
        event(message(candidate({"text": "a"}), usage=None)), event(message(candidate(finish="STOP"), usage=None))
    )
    assert stream.ended
    assert stream.answered().usage is None
    assert out + stream.finish(NOTE)


def test_usage_from_before_the_last_output_is_not_believed():
    early = event(message(candidate({"text": "a"}), usage=counts(1)))
    stream, _ = read(early, event(message(candidate({"text": "b"}, finish="STOP"), usage=None)))
    assert stream.ended
    assert stream.answered().usage is None
    assert stream.observed == 2


def test_counts_that_the_last_chunk_leaves_out_are_those_of_the_one_before():
    last = {"promptTokenCount": 21, "totalTokenCount": 36}
    stream, _ = read(*STREAM[:3], event(message(candidate({"text": ""}, finish="STOP"), usage=last)))
    assert stream.answered().usage.output_tokens == 14


def test_every_candidate_has_to_end():
    two = [
        event(message(candidate({"text": "a"}, index=0), usage=counts(1))),
        event(message(candidate({"text": "b"}, index=1), usage=counts(2))),
        event(message(candidate({"text": ""}, finish="STOP", index=0), usage=counts(2))),
    ]
    stream, out = read(*two)
    assert (stream.ended, out) == (False, b"".join(two))
    done = event(message(candidate({"text": ""}, finish="MAX_TOKENS", index=1), usage=counts(2)))
    stream, _ = read(*two, done)
    assert (stream.ended, stream.answered().finish) == (True, "MAX_TOKENS")


def test_a_truncated_stream_has_not_ended():
    stream, out = read(*STREAM[:2], STREAM[2][:20])
    assert not stream.ended
    assert stream.rest() == STREAM[2][:20]
    assert out == STREAM[0] + STREAM[1]


def test_an_end_that_broke_off_with_its_usage_can_be_settled():
    stream, _ = read(*STREAM, close=False)
    assert stream.answered().usage == USED


def test_a_blocked_prompt_is_an_answer():
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9}}
    stream, _ = read(event(blocked))
    assert (stream.ended, stream.answered().usage, stream.answered().finish) == (True, Usage(input_tokens=9), "SAFETY")


def test_an_error_in_the_midst_ends_it_and_is_no_answer():
    error = event({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}})
    stream, _ = read(STREAM[0], error, close=False)
    assert (stream.ended, stream.answered().failed) == (True, "UNAVAILABLE")
    assert stream.finish(NOTE).startswith(b'data: {"error"')


def test_calls_and_thoughts_are_output():
    stream, _ = read(
        event(message(candidate(call()), usage=None)),
        event(message(candidate({"text": "hm", "thought": True}), usage=None)),
    )
    assert stream.observed == 2
    assert stream.output_bytes > 20


@pytest.mark.parametrize("data", [b"{", b"[1]", b'{"candidates":5}', b'"x"'])
def test_what_is_no_chunk_breaks_the_stream(data):
    stream, _ = read(b"data: " + data + b"\n\n")
    assert "cannot be read" in stream.broken


@pytest.mark.parametrize("usage", [{"promptTokenCount": "x"}, [], {"promptTokenCount": 5, "candidatesTokenCount": -1}])
def test_usage_that_cannot_be_is_a_flaw(usage):
    stream, _ = read(event(message(candidate({"text": "a"}, finish="STOP"), usage=usage)))
    assert stream.ended
    assert stream.answered().usage is None
    assert stream.answered().flaw


def test_an_event_that_is_too_long_breaks_the_stream():
    stream = reader()
    stream.feed(b"data: " + b"x" * (9 << 20))
    assert stream.broken == "an event is too long"


def test_comments_and_blank_lines_go_on():
    stream, out = read(b": hello\n\n", *STREAM, b": bye\n\n")
    assert out.startswith(b": hello\n\n")
    assert stream.finish(NOTE).endswith(b": bye\n\n")
    assert stream.answered().usage == USED


def test_searches_are_counted_once_however_often_they_are_told():
    grounded = {"groundingMetadata": {"webSearchQueries": ["a", "b"]}}
    stream = GenerateStream("gemini-3-pro-preview")
    for finish in (None, "STOP"):
        chunk = message(candidate({"text": "a"}, finish=finish, **grounded), usage=counts(2))
        stream.feed(b"data: " + compact({**chunk, "modelVersion": "gemini-3-pro-preview"}) + b"\n\n")
    stream.close()
    assert stream.answered().usage.web_search_requests == 2
