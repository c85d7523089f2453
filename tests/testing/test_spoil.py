"""Faults in what is said, on the wire of each dialect."""

import json

import pytest

from support.simulated import BODIES, chat_body, events_of, messages_body, post

CHAT, RESPONSES, MESSAGES = BODIES


def faulty(provider, path, fault, **more):
    extra = {"stream_options": {"include_usage": True}} if path == CHAT and more.get("stream") else {}
    return post(provider, path, BODIES[path](**extra, **more), **{"x-sim-fault": fault})


def usages(text):
    """Every usage object of a stream, in order."""
    objects = [data for _, data in events_of(text) if data != "[DONE]"]
    homes = [home for data in objects for home in (data, data.get("response") or {}, data.get("message") or {})]
    return [home["usage"] for home in homes if home.get("usage")]


def output_of(usage):
    return usage.get("completion_tokens", usage.get("output_tokens"))


def input_of(usage):
    return usage.get("prompt_tokens", usage.get("input_tokens"))


@pytest.fixture(params=list(BODIES))
def path(request):
    return request.param


def billed(provider):
    return provider.bill.entries[-1].usage


def test_no_usage_is_truly_none_and_still_billed(provider, path):
    assert "usage" not in faulty(provider, path, "no_usage").json()
    assert usages(faulty(provider, path, "no_usage", stream=True).text) == []
    assert all(entry.usage.output_tokens == 100 for entry in provider.bill)


def test_usage_twice_in_a_stream_says_the_same_twice(provider, path):
    finals = [
        usage for usage in usages(faulty(provider, path, "usage_twice", stream=True).text) if output_of(usage) == 100
    ]
    assert len(finals) == 2
    assert billed(provider).output_tokens == 100


def test_usage_twice_in_a_body_is_a_duplicate_key(provider, path):
    assert faulty(provider, path, "usage_twice").text.count('"usage":') == 2


def test_usage_on_every_piece_is_cumulative_and_ends_with_the_truth(provider, path):
    counts = [output_of(usage) for usage in usages(faulty(provider, path, "usage_every_chunk", stream=True).text)]
    assert len(counts) > 100
    assert counts == sorted(counts)
    assert counts[-1] == 100 == billed(provider).output_tokens


def test_usage_may_come_with_choices(provider):
    chunks = [data for _, data in events_of(faulty(provider, CHAT, "usage_with_choices", stream=True).text)]
    with_usage = [chunk for chunk in chunks[:-1] if chunk.get("usage")]
    assert len(with_usage) == 1
    assert with_usage[0]["choices"][0]["finish_reason"] == "stop"
    assert output_of(with_usage[0]["usage"]) == 100


def test_usage_may_start_at_zero_and_end_with_the_truth(provider, path):
    found = usages(faulty(provider, path, "zero_usage", stream=True).text)
    final = found[-1]
    assert all(output_of(usage) == 0 == input_of(usage) for usage in found[:-1])
    assert (output_of(final), input_of(final)) == (100, billed(provider).input_tokens)
    assert len(found) > 1 or path == RESPONSES


@pytest.mark.parametrize(
    ("fault", "holds"), [("negative_usage", lambda n: n < 0), ("huge_usage", lambda n: n == 10**15)]
)
@pytest.mark.parametrize("stream", [False, True])
def test_impossible_usage_is_reported_but_the_truth_is_billed(provider, path, fault, holds, stream):
    answer = faulty(provider, path, fault, stream=stream)
    found = usages(answer.text) if stream else [answer.json()["usage"]]
    assert all(holds(output_of(usage)) and holds(input_of(usage)) for usage in found)
    assert billed(provider).output_tokens == 100


@pytest.mark.parametrize("fault", ["malformed", "malformed_usage"])
def test_broken_json_cannot_be_parsed(provider, path, fault):
    with pytest.raises(json.JSONDecodeError):
        faulty(provider, path, fault).json()
    with pytest.raises(json.JSONDecodeError):
        events_of(faulty(provider, path, fault, stream=True).text)


def test_the_named_event_is_broken_and_the_rest_is_whole(provider):
    text = faulty(provider, CHAT, "malformed:events=2", stream=True).text
    blocks = text.strip().split("\n\n")
    assert blocks[2].endswith('{"]')
    assert blocks[-1] == "data: [DONE]"
    assert json.loads(blocks[1].removeprefix("data: "))


def test_an_error_in_a_200_is_not_billed(provider, path):
    answer = faulty(provider, path, "error_body")
    assert answer.status_code == 200
    assert answer.json()["error"]
    assert "usage" not in answer.json()
    stream = events_of(faulty(provider, path, "error_body", stream=True).text)
    assert len(stream) == 1
    assert provider.bill.picos == 0
    assert {entry.outcome for entry in provider.bill} == {"broken"}


def test_an_error_in_the_middle_ends_the_stream_and_bills_what_was_made(provider, path):
    events = events_of(faulty(provider, path, "error_event:events=10", stream=True).text)
    assert len(events) == 11
    assert "error" in json.dumps(events[-1][1])
    entry = provider.bill.entries[0]
    assert entry.outcome == "broken"
    assert 0 < entry.usage.output_tokens < 10


def test_the_error_event_is_the_dialects_own(provider):
    messages = events_of(faulty(provider, MESSAGES, "error_event", stream=True).text)[-1]
    assert messages[0] == "error"
    assert messages[1]["error"]["type"] == "overloaded_error"
    responses = events_of(faulty(provider, RESPONSES, "error_event", stream=True).text)[-1]
    assert (responses[0], responses[1]["type"]) == ("error", "error")
    chat = events_of(faulty(provider, CHAT, "error_event", stream=True).text)[-1]
    assert chat[0] == ""
    assert chat[1]["error"]["type"] == "server_error"


def test_a_truncated_stream_ends_cleanly_without_its_end(provider, path):
    events = events_of(faulty(provider, path, "truncate:events=9", stream=True).text)
    assert len(events) == 9
    assert 0 < billed(provider).output_tokens < 9
    late = faulty(provider, path, "truncate:events=10000", stream=True).text
    assert all(output_of(usage) != 100 for usage in usages(late))
    assert "[DONE]" not in late
    assert billed(provider).output_tokens == 100


def test_a_truncated_body_is_half_a_body(provider, path):
    answer = faulty(provider, path, "truncate")
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert billed(provider).output_tokens == 100


def test_faults_leave_the_next_answer_alone(provider):
    provider.faults.push("zero_usage", None)
    faulty_text = post(provider, CHAT, chat_body(stream=True)).text
    clean_text = post(provider, CHAT, chat_body(stream=True)).text
    assert '"usage"' in faulty_text
    assert '"usage"' not in clean_text


def test_an_overrun_passes_the_cap_in_every_dialect(provider, path):
    cap = {"max_output_tokens": 50} if path == RESPONSES else {"max_tokens": 50}
    assert output_of(faulty(provider, path, "overrun:times=4", **cap).json()["usage"]) == 200
    assert output_of(usages(faulty(provider, path, "overrun:times=4", stream=True, **cap).text)[-1]) == 200
    assert [entry.usage.output_tokens for entry in provider.bill] == [200, 200]
    assert [entry.cap for entry in provider.bill] == [50, 50]


def test_a_fault_can_be_named_by_the_model_or_in_the_prompt(provider):
    assert post(provider, CHAT, chat_body(model="gpt-4o-mini@503")).status_code == 503
    assert provider.bill.entries[0].model == "gpt-4o-mini"
    asked = [{"role": "user", "content": "hello [[sim fault=429:retry_after=7]]"}]
    answer = post(provider, MESSAGES, messages_body(messages=asked))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
