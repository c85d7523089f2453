"""Logs of other makers: bodies in pairs, batch files, and answers alone."""

import json

import pytest

from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook
from farthing.replay.lines import BadLine, lines_of
from farthing.replay.logs import Logged, is_log
from support.past_calls import priced

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello there"}], "max_tokens": 50, "user": "ann"}
CHAT_ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_790_000_000,
    "model": "gpt-4o",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
CLAUDE = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Hello", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        }
    ],
}
CLAUDE_ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "usage": {
        "input_tokens": 3,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 2_048,
        "output_tokens": 4,
    },
}
RESPONSES = {"model": "gpt-4o", "input": "Hello there", "max_output_tokens": 64}
RESPONSES_ANSWER = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1_790_000_000,
    "status": "completed",
    "model": "gpt-4o",
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}],
    "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11},
}


def logged(folder, *rows):
    file = folder / "log.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(Logged(PriceBook.load()).calls(lines_of(file)))


def test_a_pair_of_bodies_is_a_call(tmp_path):
    row = {
        "request": CHAT,
        "response": CHAT_ANSWER,
        "timestamp": "2026-11-01T10:00:00Z",
        "latency_ms": 750,
        "labels": {"team": "a"},
        "session_id": "s1",
    }
    (call,) = logged(tmp_path, row)
    assert call.usage == Usage(input_tokens=9, output_tokens=2)
    assert call.cost_nanos == priced("gpt-4o", call.usage)["cost_nanos"]
    assert (call.cap_asked, call.took_ms, call.run, call.label("team"), call.label("user")) == (
        50,
        750,
        "s1",
        "a",
        "ann",
    )
    assert call.arrived_ms == 1_793_527_200_000
    assert call.text_bytes >= len("Hello there")
    assert b"user" in call.skeleton
    assert call.origin.endswith("log.jsonl:1")


def test_anthropics_bodies_are_told_by_their_looks(tmp_path):
    (call,) = logged(tmp_path, {"request": CLAUDE, "response": CLAUDE_ANSWER})
    assert (call.dialect, call.route) == ("anthropic-messages", "/v1/messages")
    assert call.usage == Usage(input_tokens=2_051, cache_read_input_tokens=2_048, output_tokens=4)
    assert b'"1h"]' in call.skeleton


def test_responses_are_told_by_their_looks(tmp_path):
    (call,) = logged(tmp_path, {"request": RESPONSES, "response": RESPONSES_ANSWER})
    assert (call.dialect, call.cap_asked, call.usage.input_tokens) == ("openai-responses", 64, 9)
    assert call.arrived_ms == 1_790_000_000_000


def test_an_address_says_what_the_bodies_are(tmp_path):
    row = {"request": {"model": "text-embedding-3-small", "input": "x"}, "url": "/v1/embeddings"}
    answer = {
        "object": "list",
        "data": [],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }
    (call,) = logged(tmp_path, row | {"response": answer})
    assert (call.dialect, call.usage.input_tokens) == ("openai-embeddings", 1)


def test_openais_batch_files_are_paired_and_billed_as_batches(tmp_path):
    asked = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": CHAT}
    answered = {"id": "b", "custom_id": "a", "response": {"status_code": 200, "body": CHAT_ANSWER}, "error": None}
    failed = {"id": "c", "custom_id": "z", "response": None, "error": {"code": "expired"}}
    call, bad = logged(tmp_path, asked, answered, failed)
    assert call.tier == "batch", "billed by the book's price for batches, where it has one"
    assert 0 < call.cost_nanos <= priced("gpt-4o", call.usage)["cost_nanos"]
    assert call.text_bytes, "the request is that of the other line"
    assert (bad.outcome, bad.usage) == ("failed", None)


def test_anthropics_batch_files_are_paired(tmp_path):
    asked = {"custom_id": "a", "params": CLAUDE}
    answered = {"custom_id": "a", "result": {"type": "succeeded", "message": CLAUDE_ANSWER}}
    errored = {"custom_id": "b", "result": {"type": "errored", "error": {}}}
    call, bad = logged(tmp_path, asked, answered, errored)
    assert (call.tier, call.cap_asked, call.usage.output_tokens) == ("batch", 100, 4)
    assert bad.outcome == "failed"


def test_an_answer_alone_is_a_bill(tmp_path):
    (call,) = logged(tmp_path, CHAT_ANSWER)
    assert (call.model, call.usage.input_tokens, call.skeleton) == ("gpt-4o", 9, b"")


def test_what_a_line_says_it_cost_is_what_it_cost(tmp_path):
    (call,) = logged(tmp_path, CHAT_ANSWER | {"cost_usd": "0.0123"})
    assert call.cost_nanos == 12_300_000


def test_an_error_of_the_provider_is_a_failed_call(tmp_path):
    (call,) = logged(tmp_path, {"request": CHAT, "response": {"error": {"type": "x"}}, "status": 429})
    assert (call.outcome, call.status, call.usage) == ("failed", 429, None)


def test_lines_without_a_time_come_a_second_apart(tmp_path):
    answer = {name: value for name, value in CHAT_ANSWER.items() if name != "created"}
    first, second = logged(tmp_path, answer, answer)
    assert second.arrived_ms - first.arrived_ms == 1_000
    assert second.id > first.id


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"what": 1}, "not the log of a call"),
        ({"request": {"messages": []}, "response": CHAT_ANSWER}, "`model`"),
        ({"request": CHAT, "response": {"model": "gpt-4o"}}, "no usage"),
        ({"request": CHAT, "response": 5}, "must be an object"),
        ({"custom_id": "a"}, "no line of a batch file"),
        (CHAT_ANSWER | {"timestamp": "yesterday"}, "the time 'yesterday'"),
        (CHAT_ANSWER | {"cost_usd": "cheap"}, "`cost_usd`"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path, row, said):
    with pytest.raises(BadLine, match=said) as bad:
        logged(tmp_path, CHAT_ANSWER, row)
    assert bad.value.line == 2


def test_only_lines_of_calls_look_like_a_log(tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text('{"request": {}}\n{"custom_id": "a"}\n{"usage": {}}\n{"input_length": 1}\n')
    assert [is_log(line) for line in lines_of(file)] == [True, True, True, False]
