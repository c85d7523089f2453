"""A Responses answer in the canonical form; classes of cost bugs are named by their numbers."""

import pytest

from farthing.domain.usage import Usage
from farthing.wire.openai.responses import ResponsesDialect
from support.responses_wire import USAGE, whole


def answered(usage=USAGE, **fields):
    return ResponsesDialect().answered(whole(usage, **fields))


def test_class_1_and_4_and_r53_cached_tokens_and_reasoning_are_parts_of_the_totals():
    assert answered().usage == Usage(
        input_tokens=2000,
        output_tokens=400,
        cache_read_input_tokens=1500,
        cache_write_input_tokens=300,
        reasoning_output_tokens=256,
    )


def test_class_5_long_lived_cache_writes_are_told_apart():
    details = {
        "cached_tokens": 0,
        "cache_write_tokens": 300,
        "cache_write_tokens_details": {"ttl_30m_tokens": 100, "ttl_12h_tokens": 200},
    }
    usage = answered({**USAGE, "input_tokens_details": details}).usage
    assert (usage.cache_write_input_tokens, usage.cache_write_1h_input_tokens) == (300, 200)


def test_who_answered_and_how_it_ended():
    said = answered()
    assert (said.id, said.model, said.finish) == ("resp_67", "gpt-5.2-2025-12-11", "completed")
    assert (said.tier, said.failed, said.pending, said.flaw) == ("", "", False, "")


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
def test_an_incomplete_answer_says_why(reason):
    said = answered(status="incomplete", incomplete_details={"reason": reason})
    assert said.finish == reason
    assert said.usage is not None


def test_an_incomplete_answer_without_a_reason_is_incomplete():
    assert answered(status="incomplete").finish == "incomplete"


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_background_answer_is_pending(status):
    said = answered(None, status=status, output=[])
    assert (said.pending, said.usage, said.flaw) == (True, None, "")


def test_a_failed_answer_may_still_have_cost_something():
    said = answered(status="failed", error={"code": "server_error", "message": "oops"})
    assert said.failed == "server_error"
    assert said.usage is not None


def test_a_200_that_is_an_error_failed():
    said = ResponsesDialect().answered(b'{"error":{"message":"m","type":"server_error","code":null}}')
    assert (said.failed, said.usage) == ("server_error", None)


@pytest.mark.parametrize(("served", "billed"), [
    ("default", ""), ("auto", ""), ("scale", ""), (None, ""),
    ("flex", "flex"), ("priority", "priority"), ("fast", "priority"), ("ultrafast", "ultrafast"),
])  # fmt: skip
def test_the_tier_is_the_one_that_bills(served, billed):
    assert answered(service_tier=served).tier == billed


SEARCH = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "q"}}
OPEN = {**SEARCH, "action": {"type": "open_page", "url": "u"}}


@pytest.mark.parametrize(
    ("fields", "searches"),
    [
        ({"output": [SEARCH, OPEN, SEARCH]}, 2),
        ({"output": [{"type": "web_search_call"}]}, 1),
        ({"output": [{"type": "web_search_call", "action": 5}]}, 1),
        ({"output": [SEARCH, SEARCH], "tool_usage": {"web_search": {"num_requests": 1}}}, 1),
        ({"output": [SEARCH], "tool_usage": {"web_search": None}}, 1),
        ({"output": []}, 0),
    ],
)
def test_searches_are_counted_as_they_are_billed(fields, searches):
    assert answered(**fields).usage.web_search_requests == searches


@pytest.mark.parametrize(
    ("usage", "named"),
    [
        ({**USAGE, "input_tokens": 0, "input_tokens_details": None}, "zero input"),
        ({**USAGE, "output_tokens": 0, "output_tokens_details": None}, "zero output"),
        ({**USAGE, "output_tokens": "5"}, "output_tokens"),
        ({**USAGE, "input_tokens": 5.0}, "input_tokens"),
        ({"input_tokens": 5}, "output_tokens"),
        ({**USAGE, "input_tokens": 100}, "cached tokens exceed"),
        ({**USAGE, "output_tokens": 100}, "reasoning"),
        ({**USAGE, "output_tokens": -5, "output_tokens_details": None}, "negative"),
        ({**USAGE, "input_tokens": 1 << 41}, "more tokens"),
        ([], "usage"),
    ],
)
def test_r38_usage_that_cannot_be_true_is_not_believed_and_named(usage, named):
    said = answered(usage)
    assert said.usage is None
    assert named in said.flaw
    assert said.id == "resp_67"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"output":' + b"[" * 5000, b'{"id":"\xff"}', b'{"id":5}'])
def test_an_answer_that_is_no_answer_never_raises(body):
    said = ResponsesDialect().answered(body)
    assert said.usage is None
    assert said.flaw
