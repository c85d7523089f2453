"""Usage that is no report of the whole answer must settle nothing: the hold stays, and counts."""

import json

import pytest

from farthing.wire.anthropic.messages_stream import MessagesStream
from farthing.wire.gemini.stream import GenerateStream
from farthing.wire.openai.chat_stream import ChatStream

DONE = b"data: [DONE]\n\n"
FIRST = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}
LAST = {"prompt_tokens": 10, "completion_tokens": 51, "total_tokens": 61}


def event(value) -> bytes:
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def chunk(content="", usage=None, finish=None) -> bytes:
    delta = {"content": content} if content else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "x", "model": "gpt-4o-mini", "choices": [choice], "usage": usage})


def chat(*events: bytes):
    stream = ChatStream()
    for each in events:
        stream.feed(each)
    assert stream.ended
    return stream.answered().usage


def test_usage_of_the_beginning_is_not_taken_for_that_of_the_answer():
    assert chat(chunk("a", FIRST), *[chunk("word")] * 50, chunk(finish="stop"), DONE) is None


@pytest.mark.parametrize("wrong", [-5, 2.5, 10**15, "51"])
def test_an_impossible_last_report_does_not_bring_back_the_first(wrong):
    last = event({"id": "x", "choices": [], "usage": {**LAST, "completion_tokens": wrong, "total_tokens": 0}})
    assert chat(chunk("a", FIRST), *[chunk("word")] * 50, chunk(finish="stop"), last, DONE) is None


def test_usage_in_every_chunk_is_believed_as_far_as_it_goes_with_the_last_words():
    every = [chunk("word", {**FIRST, "completion_tokens": at, "total_tokens": 10 + at}) for at in range(1, 52)]
    usage = chat(*every, chunk(finish="stop"), DONE)
    assert usage is not None
    assert usage.output_tokens == 51


def test_a_lower_report_after_the_last_words_changes_nothing():
    last, lower = (event({"id": "x", "choices": [], "usage": usage}) for usage in (LAST, FIRST))
    usage = chat(*[chunk("word")] * 50, chunk(finish="stop"), last, lower, DONE)
    assert usage is not None
    assert usage.output_tokens == 51


def test_what_follows_the_end_is_not_listened_to():
    stream = ChatStream()
    last = event({"id": "x", "choices": [], "usage": LAST})
    stream.feed(chunk("word") + chunk(finish="stop") + last + DONE)
    stream.feed(event({"id": "x", "choices": [], "usage": {**FIRST, "completion_tokens": 0}}))
    usage = stream.answered().usage
    assert usage is not None
    assert usage.output_tokens == 51


@pytest.mark.parametrize("wrong", [-5, 2.5, 10**15, "51"])
def test_geminis_impossible_counts_settle_nothing(wrong):
    stream = GenerateStream("gemini-2.5-flash")
    candidate = {"content": {"parts": [{"text": "word"}]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": wrong, "totalTokenCount": 61}
    stream.feed(event({"candidates": [candidate], "usageMetadata": {**usage, "candidatesTokenCount": 51}}))
    stream.feed(event({"usageMetadata": usage}))
    stream.close()
    assert stream.ended
    assert stream.answered().usage is None


@pytest.mark.parametrize("wrong", [-5, 2.5, 10**15, "51"])
def test_anthropics_impossible_counts_settle_nothing(wrong):
    stream = MessagesStream()
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 10, "output_tokens": 1}}}
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": wrong}}
    stream.feed(event(start) + event(delta) + event({"type": "message_stop"}))
    assert stream.ended
    usage = stream.answered().usage
    assert usage is None or (wrong == -5 and usage.output_tokens > 0)
