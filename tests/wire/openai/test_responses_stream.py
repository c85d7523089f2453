"""A streamed Responses answer, in any pieces; bugs of others are named by their numbers."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.wire.dialect import Note
from farthing.wire.openai.responses_stream import ResponsesStream
from support.messages_wire import data_in
from support.responses_wire import COMPLETED, ERROR, OPENING, USAGE, begun, delta, end, numbered

NOTE = Note(call_id="call_1", cost_usd="0.00123", remaining_usd="4")


def fed(*pieces: bytes) -> tuple[ResponsesStream, bytes]:
    stream = ResponsesStream()
    return stream, b"".join(stream.feed(piece) for piece in pieces)


def cut_at(whole: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(whole) + 1) for cut in cuts} | {0, len(whole)})
    return [whole[a:b] for a, b in pairwise(places)]


def test_everything_before_the_end_goes_on_at_once_and_the_end_waits():
    stream, out = fed(*OPENING, COMPLETED)
    assert out == b"".join(OPENING)
    assert stream.ended
    assert stream.answered().usage.output_tokens == 400
    assert stream.finish(None) == COMPLETED


def test_our_note_stands_beside_the_response_and_changes_nothing_else():
    stream, _ = fed(*OPENING, COMPLETED, b"data: [DONE]\n\n")
    ending = stream.finish(NOTE)
    noted = data_in(ending, "response.completed")
    assert noted.pop("farthing") == msgspec.to_builtins(NOTE)
    assert noted == data_in(COMPLETED, "response.completed")
    assert ending.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("kind", ["reasoning_summary_text", "reasoning_summary"])
def test_a_summary_of_reasoning_is_no_output_however_long_it_is(kind):
    summary = [numbered(f"response.{kind}.delta", delta="word ", item_id="rs_1") for _ in range(500)]
    stream, out = fed(*summary, delta("hello"))
    assert out == b"".join([*summary, delta("hello")])
    assert (stream.observed, stream.output_bytes) == (1, 5)


def test_an_incomplete_response_ends_the_stream_with_its_usage():
    stream, _ = fed(*OPENING, end("incomplete", incomplete_details={"reason": "max_output_tokens"}))
    assert stream.ended
    assert stream.answered().finish == "max_output_tokens"
    assert stream.answered().usage.input_tokens == 2000


def test_a_failed_response_ends_the_stream_as_failed():
    stream, _ = fed(*OPENING, end("failed", None, error={"code": "rate_limit_exceeded", "message": "m"}))
    assert stream.ended
    assert (stream.answered().failed, stream.answered().usage) == ("rate_limit_exceeded", None)


@pytest.mark.parametrize(
    ("event", "failed"),
    [
        (ERROR, "server_error"),
        (b'event: error\ndata: {"type":"error","error":{"type":"overloaded"}}\n\n', "overloaded"),
        (b"event: error\ndata: oops\n\n", "error"),
    ],
)
def test_an_error_event_ends_the_stream_as_failed(event, failed):
    stream, out = fed(*OPENING, event)
    assert out == b"".join(OPENING)
    assert stream.ended
    assert stream.answered().failed == failed
    assert stream.finish(NOTE) == event


def test_r33_a_stream_that_breaks_off_gives_back_every_byte_and_no_usage():
    whole = b"".join((*OPENING, COMPLETED))[:-1]
    stream, out = fed(whole)
    assert out + stream.rest() == whole
    assert not stream.ended
    assert (stream.answered().usage, stream.partial(), stream.observed) == (None, None, 2)


def test_who_answers_is_known_before_the_end():
    said = fed(*OPENING)[0].answered()
    assert (said.id, said.model, said.finish, said.pending) == ("resp_67", "gpt-5.2-2025-12-11", "", False)


def test_r38_zero_output_after_output_is_not_believed():
    usage = {**USAGE, "output_tokens": 0, "output_tokens_details": None}
    said = fed(*OPENING, end(usage=usage, output=[]))[0].answered()
    assert said.usage is None
    assert "zero output" in said.flaw


def test_a_completed_response_without_usage_leaves_the_cost_unknown():
    said = fed(*OPENING, end(usage=None))[0].answered()
    assert (said.usage, said.flaw, said.finish) == (None, "", "completed")


@pytest.mark.parametrize(
    ("piece", "observed"),
    [
        (delta("Hi"), 1),
        (delta(""), 0),
        (delta('{"a":', "function_call_arguments"), 1),
        (delta("*** Begin", "custom_tool_call_input"), 1),
        (delta("because", "reasoning_text"), 1),
        (delta("No.", "refusal"), 1),
        (delta("file.txt", "shell_call_output_content"), 0),
        (delta("UklGRg==", "audio"), 0),
        (b'event: response.output_text.delta\ndata: {"delta": "spaced"}\n\n', 1),
        (b'data: {"type":"response.output_text.delta","delta":"unnamed"}\n\n', 1),
        (numbered("response.output_text.done", text="Hi"), 0),
        (numbered("response.sparkle.delta", delta={"odd": 1}), 0),
        (b": a comment\n\n", 0),
    ],
)
def test_only_new_output_of_the_model_is_observed(piece, observed):
    stream, out = fed(piece)
    assert (stream.observed, out) == (observed, piece)
    assert (stream.output_bytes > 0) == (observed > 0)


def test_a_response_of_many_megabytes_ends_the_stream_all_the_same():
    image = {"type": "image_generation_call", "id": "ig", "status": "completed", "result": "iVBORw0K" * 2_000_000}
    completed = end(output=[image])
    stream, out = fed(*cut_at(completed, list(range(0, len(completed), 1 << 20))))
    assert out == b""
    assert stream.answered().usage.output_tokens == 400
    assert len(stream.finish(NOTE)) > len(completed)


def test_an_endless_event_breaks_the_stream_instead_of_the_memory():
    stream, _ = fed(b"event: response.completed\ndata: ", *[b"x" * (1 << 22)] * 17)
    assert "too long" in stream.broken
    assert not stream.ended


def test_an_end_that_is_no_json_breaks_the_stream():
    stream, _ = fed(*OPENING, b"event: response.completed\ndata: {oops\n\n")
    assert "response.completed" in stream.broken


def test_servers_that_name_events_only_in_their_data_are_understood():
    unnamed = [event.partition(b"\n")[2] for event in (*OPENING, COMPLETED)]
    stream, out = fed(*unnamed)
    assert out == b"".join(unnamed[:-1])
    assert stream.ended
    assert stream.observed == 2


def test_queued_is_only_a_beginning():
    stream, out = fed(begun("response.queued"))
    assert out == begun("response.queued")
    assert not stream.ended


@given(st.lists(st.integers(0, 10**5), max_size=12), st.sampled_from([b"\n", b"\r\n"]))
def test_any_split_of_the_bytes_gives_the_same(cuts, line_end):
    opening, ending = (part.replace(b"\n", line_end) for part in (b"".join(OPENING), COMPLETED))
    stream, out = fed(*cut_at(opening + ending, cuts))
    assert out == opening
    assert stream.finish(None) == ending
    assert (stream.observed, stream.output_bytes, stream.ended, stream.broken) == (2, 13, True, "")
    assert stream.answered().usage.input_tokens == 2000


@given(st.lists(st.integers(0, 10**5), max_size=6), st.integers(0, 10**5), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_wherever_a_stream_breaks_off_no_byte_is_lost_or_invented(cuts, length, line_end):
    whole = b"".join((*OPENING, COMPLETED)).replace(b"\n", line_end)
    whole = whole[: length % (len(whole) + 1)]
    stream, out = fed(*cut_at(whole, cuts))
    assert out + stream.rest() == whole


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_bytes_that_are_no_stream_never_raise(junk, cuts):
    stream, _ = fed(*cut_at(b"event: response.completed\ndata: " + junk + b"\n\n" + junk, cuts))
    stream.answered()
    stream.partial()
    stream.finish(NOTE)
