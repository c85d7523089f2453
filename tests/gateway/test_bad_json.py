"""Bodies that could mean one thing to us and another upstream: refused in the dialect, and nothing is held or sent."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.admin import BUDGET, CHAT, ask
from support.gateway import gateway_and_provider

MESSAGES = [{"role": "user", "content": "hello"}]
GOOD = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": {"model": "gpt-4o-mini", "max_output_tokens": 20, "input": "hello"},
    "/v1/messages": {"model": "claude-haiku-4-5", "max_tokens": 20, "messages": MESSAGES},
    "/v1/embeddings": {"model": "text-embedding-3-small", "input": "hello"},
}
HEADERS = {"anthropic_version": "2023-06-01"}


def with_raw(path, raw):
    """The good body of a path with these bytes as one more member."""
    return json.dumps(GOOD[path]).encode()[:-1] + b"," + raw + b"}"


BAD = {
    "a key twice": b'"model":"gpt-4o"',
    "a key twice below": b'"metadata":{"a":"1","a":"2"}',
    "a key twice by escape": b'"m\\u006fdel":"gpt-4o"',
    "NaN": b'"temperature":NaN',
    "Infinity": b'"temperature":Infinity',
    "-Infinity": b'"temperature":-Infinity',
    "1e999": b'"temperature":1e999',
    "a lone surrogate": b'"user":"\\ud800"',
    "a lone low surrogate": b'"user":"\\udc00"',
    "no UTF-8": b'"user":"\xff\xfe"',
    "depth 100": b'"metadata":' + b'{"a":' * 100 + b"1" + b"}" * 100,
    "depth 100,000": b'"metadata":' + b"[" * 100_000 + b"]" * 100_000,
    "200,000 keys": b'"metadata":{' + b",".join(b'"k%d":1' % n for n in range(200_000)) + b"}",
    "a comment": b'"user":"a"/*b*/',
    "a trailing comma": b'"user":"a",',
    "a control character": b'"user":"a\x01b"',
}
WHOLE = {
    "nothing": b"",
    "not JSON": b"model=gpt-4o",
    "cut": b'{"model":"gpt-4o-mini"',
    "a list": b"[]",
    "null": b"null",
    "a string": b'"model"',
    "a BOM": b"\xef\xbb\xbf{}",
    "two values": b"{}{}",
    "UTF-16": "{}".encode("utf-16"),
}
FIELDS = [
    ("/v1/chat/completions", {"max_tokens": 20, "max_completion_tokens": 30}, None),
    ("/v1/chat/completions", {"max_tokens": -1}, "max_tokens"),
    ("/v1/chat/completions", {"max_tokens": 1.5}, "max_tokens"),
    ("/v1/chat/completions", {"max_tokens": "20"}, "max_tokens"),
    ("/v1/chat/completions", {"max_tokens": 2**64}, "max_tokens"),
    ("/v1/chat/completions", {"max_tokens": True}, "max_tokens"),
    ("/v1/chat/completions", {"n": 0}, "n"),
    ("/v1/chat/completions", {"n": 10**9}, "n"),
    ("/v1/chat/completions", {"model": ""}, "model"),
    ("/v1/chat/completions", {"model": 5}, "model"),
    ("/v1/chat/completions", {"stream": "yes"}, "stream"),
    ("/v1/chat/completions", {"messages": "hello"}, "messages"),
    ("/v1/responses", {"max_output_tokens": -5}, "max_output_tokens"),
    ("/v1/responses", {"max_output_tokens": 1e30}, "max_output_tokens"),
    ("/v1/messages", {"max_tokens": -1}, "max_tokens"),
    ("/v1/messages", {"max_tokens": "20"}, "max_tokens"),
    ("/v1/messages", {"thinking": {"type": "enabled", "budget_tokens": 10**12}}, None),
    ("/v1/embeddings", {"input": 5}, "input"),
]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("json"), BUDGET) as pair:
        yield pair


def assert_refused(both, path, body, field=None):
    gateway, provider = both
    sent = len(provider.requests)
    answer = ask(gateway, "POST", path, body, **HEADERS)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    if path == "/v1/messages":
        assert answer.json()["type"] == "error"
        assert field is None or field in error["message"]
    elif field is not None:
        assert error["param"] == field
    assert len(provider.requests) == sent
    assert gateway.open("all") == gateway.posted("all") == 0
    return error


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("name", BAD)
def test_a_body_with_two_meanings_is_refused_and_holds_nothing(both, path, name):
    assert_refused(both, path, with_raw(path, BAD[name]))


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("name", WHOLE)
def test_what_is_no_json_object_is_refused_and_holds_nothing(both, path, name):
    assert_refused(both, path, WHOLE[name])


@pytest.mark.parametrize(("path", "change", "field"), FIELDS, ids=str)
def test_a_field_that_decides_about_money_is_exact_or_refused_by_name(both, path, change, field):
    assert_refused(both, path, {**GOOD[path], **change}, field)


def test_a_body_over_the_limit_is_refused_before_it_is_read(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET + '[gateway]\nmax_body = "10 KiB"\n') as (gateway, provider):
        body = json.dumps({**CHAT, "user": "a" * 20_000}).encode()
        answer = ask(gateway, "POST", "/v1/chat/completions", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
        assert (answer.headers["x-farthing-cost-usd"], answer.headers["x-farthing-cache"]) == ("0", "off")
        assert not provider.requests
        assert gateway.open("all") == 0


def test_the_good_bodies_are_good(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET) as (gateway, _):
        for path, body in GOOD.items():
            assert ask(gateway, "POST", path, body, **HEADERS).status_code == 200, path
        assert gateway.open("all") == 0
        assert gateway.posted("all") > 0


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["model", "messages", "max_tokens", "max_completion_tokens", "max_output_tokens", "input", "n", "stream", "tools",
     "stream_options", "thinking", "system", "instructions", "tool_choice", "reasoning", "metadata", "user", "modalities",
     "prediction", "service_tier", "previous_response_id", "response_format", "dimensions", "background", "store"]
)  # fmt: skip


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("fuzz"), BUDGET) as pair:
        yield pair


@pytest.mark.slow
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(path=st.sampled_from(sorted(GOOD)), change=st.dictionaries(NAMES, VALUES, max_size=4), dropped=NAMES)
def test_whatever_a_body_says_no_hold_is_left_and_nothing_breaks(fuzzed, path, change, dropped):
    gateway, provider = fuzzed
    provider.bill.clear()
    before = gateway.posted("all")
    body = {name: value for name, value in {**GOOD[path], **change}.items() if name != dropped or name in change}
    answer = ask(gateway, "POST", path, json.dumps(body).encode(), **HEADERS)
    assert answer.status_code in (200, 400, 402, 404), (answer.status_code, answer.text, body)
    assert gateway.open("all") == 0, body
    assert gateway.posted("all") - before == sum(entry.nanos for entry in provider.bill), body
