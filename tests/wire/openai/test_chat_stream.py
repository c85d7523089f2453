"""Streams pass through as they came; usage is read on the way and the end waits for the money."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.usage import Usage
from farthing.wire.dialect import Note
from farthing.wire.openai.chat_stream import ChatStream
from farthing.wire.sse import data_of

NOTE = Note(call_id="call_1", cost_usd="0.000009", remaining_usd="1.99")
FARTHING = {"call_id": "call_1", "cost_usd": "0.000009", "remaining_usd": "1.99"}
HEAD = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "gpt-4o-mini-2024-07-18",
    "service_tier": "default",
}
USAGE = {"prompt_tokens": 19, "completion_tokens": 3, "total_tokens": 22, "prompt_tokens_details": {"cached_tokens": 8}}
SPENT = Usage(input_tokens=19, output_tokens=3, cache_read_input_tokens=8)
DONE = b"data: [DONE]\n\n"


def chunk(delta: dict | None = None, finish: str | None = None, *, index: int = 0, **more: object) -> bytes:
    """One event as OpenAI writes it. Without a delta it has no choices."""
    choices = [] if delta is None else [{"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}]
    body = {**HEAD, "choices": choices, "usage": None, **more}
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


START = chunk({"role": "assistant", "content": "", "refusal": None})
WORDS = [chunk({"content": word}) for word in ("Hel", "lo", ' "you"')]
STOP = chunk({}, "stop")
LAST = chunk(usage=USAGE)
RECORDED = [START, *WORDS, STOP, LAST, DONE]


def run(events: list[bytes], note: Note | None = NOTE, **options) -> tuple[bytes, bytes, ChatStream]:
    """What went out before and after settling."""
    stream = ChatStream(**options)
    out = b"".join(map(stream.feed, events))
    return out, stream.finish(note) if stream.ended else stream.rest(), stream


def test_events_go_on_at_once_and_unchanged_until_the_usage() -> None:
    stream = ChatStream()
    for event in (START, *WORDS, STOP):
        assert stream.feed(event) == event
        assert stream.answered().usage is None
    assert stream.feed(LAST) == b""
    assert not stream.ended
    assert stream.answered().usage == SPENT
    assert stream.feed(DONE) == b""
    assert stream.ended
    found = stream.answered()
    assert (found.model, found.id, found.finish, found.tier) == ("gpt-4o-mini-2024-07-18", "chatcmpl-1", "stop", "")
    assert stream.broken == ""


def test_the_usage_chunk_carries_our_note_and_keeps_its_own_bytes() -> None:
    _, end, _ = run(RECORDED)
    assert end.endswith(DONE)
    noted = json.loads(data_of(end.removesuffix(DONE)))
    assert noted.pop("farthing") == FARTHING
    assert noted == json.loads(data_of(LAST))
    assert end.startswith(LAST.rstrip()[:-1])
    assert run(RECORDED, note=None)[1] == LAST + DONE


def test_r36_a_client_that_did_not_ask_never_sees_the_usage_chunk() -> None:
    out, end, stream = run(RECORDED, wants_usage=False)
    assert out == b"".join([START, *WORDS, STOP])
    assert end == DONE
    assert stream.answered().usage == SPENT


@given(st.lists(st.integers(0, 3_000), max_size=15), st.booleans(), st.booleans())
def test_any_split_gives_the_same_bytes_and_usage(cuts: list[int], wants: bool, crlf: bool) -> None:
    raw = b": OPENROUTER PROCESSING\n\n" + b"".join(RECORDED)
    raw = raw.replace(b"\n", b"\r\n") if crlf else raw
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    whole_out, whole_end, whole = run([raw], wants_usage=wants)
    out, end, stream = run([raw[start:end] for start, end in pairwise(edges)], wants_usage=wants)
    assert (out, end) == (whole_out, whole_end)
    assert stream.answered() == whole.answered()
    assert (stream.observed, stream.output_bytes, stream.ended) == (whole.observed, whole.output_bytes, True)


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_c7_usage_in_a_chunk_with_choices_is_read_and_kept_for_the_note(finish: str) -> None:
    last = chunk({"content": "!"}, finish, usage=USAGE)
    out, end, stream = run([START, *WORDS, last, DONE])
    assert out == b"".join([START, *WORDS])
    assert json.loads(data_of(end.removesuffix(DONE)))["farthing"] == FARTHING
    assert stream.answered().usage == SPENT
    assert stream.answered().finish == finish
    _, unasked, _ = run([START, *WORDS, last, DONE], wants_usage=False)
    assert unasked == last + DONE


def test_c7_running_usage_in_every_chunk_delays_nothing_and_the_last_counts() -> None:
    def running(count: int, delta: dict, finish: str | None = None) -> bytes:
        return chunk(delta, finish, usage={"prompt_tokens": 19, "completion_tokens": count, "total_tokens": 19 + count})

    events = [running(0, {"role": "assistant"}), running(1, {"content": "a"}), running(2, {"content": "b"})]
    stream = ChatStream()
    for event in events:
        assert stream.feed(event) == event
        assert stream.answered().usage is None
    assert stream.partial() == Usage(input_tokens=19, output_tokens=2)
    assert stream.feed(running(2, {}, "stop")) == b""
    stream.feed(DONE)
    assert stream.answered().usage == Usage(input_tokens=19, output_tokens=2)


def test_running_usage_raises_what_was_observed() -> None:
    stream = ChatStream()
    stream.feed(chunk({"content": "many tokens in one chunk"}, usage={"prompt_tokens": 9, "completion_tokens": 40}))
    assert stream.observed == 40
    stream.feed(WORDS[0])
    assert stream.observed == 41


def test_usage_with_one_of_several_choices_finished_is_not_yet_the_end() -> None:
    events = [START, chunk({"content": "a"}, "stop", usage=USAGE), chunk({"content": "b"}, index=1)]
    stream = ChatStream(choices=2)
    assert [stream.feed(event) for event in events] == events
    assert stream.feed(chunk({}, "stop", index=1, usage=USAGE)) == b""


def test_output_after_a_usage_chunk_lets_go_of_what_was_kept() -> None:
    early = chunk(usage={"prompt_tokens": 19, "completion_tokens": 1, "total_tokens": 20})
    stream = ChatStream()
    assert stream.feed(START + early) == START
    assert stream.answered().usage is not None
    assert stream.feed(WORDS[0]) == early + WORDS[0]
    assert stream.answered().usage is None
    assert stream.feed(LAST) == b""
    assert stream.answered().usage == SPENT


def test_usage_twice_counts_once_and_the_greatest_wins() -> None:
    less = chunk(usage={"prompt_tokens": 19, "completion_tokens": 1, "total_tokens": 20})
    zero = chunk(usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0})
    for order in ([LAST, LAST], [less, LAST], [LAST, less], [LAST, zero], [zero, LAST]):
        _, end, stream = run([START, *WORDS, STOP, *order, DONE])
        assert stream.answered().usage == SPENT
        assert stream.answered().flaw == ""
        assert end.count(b'"farthing"') == 1


def test_r38_c12_zero_usage_of_a_stream_is_no_usage() -> None:
    for zero in ({"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": 19, "completion_tokens": 0}):
        _, _, stream = run([START, *WORDS, STOP, chunk(usage=zero), DONE])
        assert stream.answered().usage is None
        assert "zero" in stream.answered().flaw


def test_c8_a_stream_cut_short_has_what_was_seen_and_no_usage() -> None:
    out, rest, stream = run([START, *WORDS, WORDS[0][:50]])
    assert out == b"".join([START, *WORDS])
    assert rest == WORDS[0][:50]
    assert not stream.ended
    assert (stream.answered().usage, stream.partial(), stream.observed) == (None, None, 3)
    assert stream.answered().id == "chatcmpl-1"


def test_a_stream_cut_between_usage_and_end_still_knows_its_usage() -> None:
    _, rest, stream = run([START, *WORDS, STOP, LAST])
    assert not stream.ended
    assert stream.answered().usage == SPENT
    assert rest == LAST
    assert run([START, *WORDS, STOP, LAST], wants_usage=False)[1] == b""


def test_a_stream_without_usage_ends_without_usage() -> None:
    out, end, stream = run([START, *WORDS, STOP, DONE])
    assert (out, end) == (b"".join([START, *WORDS, STOP]), DONE)
    assert stream.answered().usage is None
    assert stream.answered().flaw == ""


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n", b"\n\n"])
def test_the_end_is_seen_even_without_its_blank_line(tail: bytes) -> None:
    _, end, stream = run([*RECORDED[:-1], b"data: [DONE]" + tail])
    assert stream.ended
    assert end.endswith(DONE)
    assert end.count(b"[DONE]") == 1


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"refusal": "no"},
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]},
        {"function_call": {"arguments": "{"}},
        {"audio": {"data": "AAAA"}},
    ],
)
def test_every_kind_of_output_is_observed(delta: dict) -> None:
    _, _, stream = run([START, chunk(delta)])
    assert stream.observed == 1
    assert stream.output_bytes > 0


@pytest.mark.parametrize(
    "delta",
    [
        {},
        {"role": "assistant"},
        {"content": ""},
        {"content": None},
        {"tool_calls": []},
        {"tool_calls": [{"index": 0, "id": "call_1"}]},
    ],
)
def test_nothing_is_observed_where_nothing_is_new(delta: dict) -> None:
    _, _, stream = run([START, chunk(delta)])
    assert stream.observed == 0


def test_json_with_spaces_is_read_like_any_other() -> None:
    spaced = [b"data: " + json.dumps(json.loads(data_of(event))).encode() + b"\n\n" for event in RECORDED[:-1]]
    out, _, stream = run([*spaced, DONE])
    assert out == b"".join(spaced[:-1])
    assert (stream.observed, stream.answered().usage) == (3, SPENT)


def test_words_that_look_like_usage_are_only_words() -> None:
    events = [
        START,
        chunk({"content": 'the "usage":{"prompt_tokens":1}, "finish_reason":"stop"'}),
        chunk({"content": "usage"}),
    ]
    out, _, stream = run(events)
    assert out == b"".join(events)
    assert (stream.observed, stream.partial(), stream.answered().finish) == (2, None, "")


def test_usage_behind_a_null_of_the_same_name_is_found() -> None:
    event = chunk({"content": "x"}, x_groq={"usage": None}).replace(b'"usage":null,', b"", 1)
    event = event.replace(b"}\n\n", b',"usage":' + json.dumps(USAGE).encode() + b"}\n\n")
    stream = ChatStream()
    stream.feed(START + event)
    assert stream.partial() == SPENT


def test_output_and_the_reason_to_stop_may_share_a_chunk() -> None:
    stream = ChatStream(choices=1)
    stream.feed(START)
    assert stream.feed(chunk({"content": "bye"}, "length")) == chunk({"content": "bye"}, "length")
    assert (stream.answered().finish, stream.observed) == ("length", 1)


def test_who_answers_is_learned_from_the_first_chunk_even_if_it_has_content() -> None:
    stream = ChatStream()
    stream.feed(WORDS[0])
    assert (stream.answered().id, stream.answered().model) == (HEAD["id"], HEAD["model"])


def test_an_error_event_ends_the_answer_as_failed() -> None:
    error = b'data: {"error":{"message":"secret","type":"server_error","code":null}}\n\n'
    out, end, stream = run([START, *WORDS, error])
    assert stream.ended
    assert stream.answered().failed == "server_error"
    assert (out, end) == (b"".join([START, *WORDS]), error)


def test_malformed_json_where_usage_should_be_breaks_the_stream() -> None:
    _, _, stream = run([START, b'data: {"choices":[],"usage":{"prompt_tokens":1\n\n'])
    assert "usage cannot be read" in stream.broken
    _, _, harmless = run([START, b"data: {oops\n\n"])
    assert harmless.broken == ""


def test_bytes_that_are_not_utf8_do_not_lose_the_usage() -> None:
    event = chunk({"content": "x"}, "stop", usage=USAGE).replace(b'"x"', b'"\xff"')
    for wants in (True, False):
        out, _, stream = run([START, event, DONE], wants_usage=wants)
        assert out == START + event
        assert stream.answered().usage == SPENT
    assert "usage cannot be read" in run([LAST.replace(b"chatcmpl", b"\xff")])[2].broken


def test_usage_of_another_form_is_a_flaw() -> None:
    _, _, stream = run([START, *WORDS, STOP, chunk(usage={"prompt_tokens": "19"}), DONE])
    assert stream.answered().usage is None
    assert "cannot be read" in stream.answered().flaw


def test_odd_chunks_pass_and_keep_their_usage() -> None:
    odd = [
        b": ping\n\n",
        b"data: {}\n\n",
        b"data: 1\n\n",
        b'data: {"choices":5}\n\n',
        b"id: 7\n\n",
        chunk(prompt_filter_results=[]),
    ]
    out, _, stream = run([START, *odd])
    assert out == b"".join([START, *odd])
    assert stream.broken == ""
    _, _, served = run([START, chunk(usage=USAGE).replace(b'"choices":[]', b'"choices":null')])
    assert served.answered().usage == SPENT


def test_comments_after_the_usage_wait_in_their_order() -> None:
    out, end, _ = run([START, LAST, b": ping\n\n", DONE], note=None)
    assert (out, end) == (START, LAST + b": ping\n\n" + DONE)


def test_the_tier_that_was_served_is_told() -> None:
    _, _, stream = run([START, *WORDS, STOP, chunk(usage=USAGE, service_tier="priority"), DONE])
    assert stream.answered().tier == "priority"


def test_an_event_without_end_breaks_the_stream() -> None:
    stream = ChatStream()
    for _ in range(9):
        stream.feed(b"x" * (1 << 20))
    assert "too long" in stream.broken
    assert stream.rest() == b""


@given(st.lists(st.binary(max_size=40) | st.sampled_from(RECORDED), max_size=8))
def test_arbitrary_bytes_never_raise(parts: list[bytes]) -> None:
    out, end, _ = run(parts, note=None)
    assert len(out) + len(end) <= sum(map(len, parts)) + 2


@given(st.lists(st.integers(0, 3_000), max_size=8), st.lists(st.text(max_size=6), max_size=12), st.booleans())
def test_counts_are_the_same_whatever_the_pieces(cuts: list[int], words: list[str], padded: bool) -> None:
    padding = {"obfuscation": "aB3xyz"} if padded else {}
    raw = b"".join([START, *(chunk({"content": word}, **padding) for word in words), STOP, LAST, DONE])
    at = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(at)]
    told = [(run(parts)[0], run(parts)[1], run(parts)[2].output_bytes) for parts in (pieces, [raw])]
    assert told[0] == told[1]
    stream = ChatStream()
    for piece in pieces:
        stream.feed(piece)
    assert stream.observed == max(sum(map(bool, words)), 3)


def test_usage_that_follows_content_in_one_piece_is_kept_back() -> None:
    stream = ChatStream()
    assert stream.feed(START + WORDS[0]) == START + WORDS[0]
    assert stream.feed(b"".join([*WORDS, STOP, LAST, DONE])) == b"".join([*WORDS, STOP])
    assert stream.ended
    assert (stream.answered().usage, stream.rest()) == (SPENT, LAST + DONE)


def test_content_between_usage_and_more_usage_is_not_passed_by() -> None:
    """What was kept goes first, whatever it is followed by."""
    stream = ChatStream()
    stream.feed(START + WORDS[0] + WORDS[1])
    assert stream.feed(LAST) == b""
    assert stream.feed(WORDS[0]) == LAST + WORDS[0]
    assert stream.feed(LAST) == b""
    assert stream.feed(DONE) == b""
    assert stream.ended


def test_the_end_without_its_blank_line_may_share_a_piece_with_the_last_event() -> None:
    out, end, stream = run([START, *WORDS, STOP, LAST + b"data: [DONE]"], note=None)
    assert stream.ended
    assert (out, end) == (b"".join([START, *WORDS, STOP]), LAST + DONE)


def test_an_event_with_a_comment_is_read_like_any_other() -> None:
    failed = b": ping\n" + chunk({"content": "x"}, error={"type": "server_error"})
    _, _, stream = run([START, *WORDS, failed])
    assert stream.answered().failed == "server_error"
    counted = run([START, *WORDS, b': "content":"x"\n\n'])[2]
    assert counted.observed == len(WORDS)


def test_usage_before_the_last_words_is_not_that_of_the_answer() -> None:
    early = chunk(usage={"prompt_tokens": 19, "completion_tokens": 1, "total_tokens": 20})
    _, _, stream = run([START, early, *WORDS, STOP, DONE])
    assert stream.answered().usage is None
    assert stream.partial() is not None
