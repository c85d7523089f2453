"""Delivery: resets, silence, clients that leave, and what is billed for them. Seen from a raw socket."""

import json
import socket
import time
from contextlib import closing

import pytest

from farthing.testing import Pace, Settings, SimulatedProvider
from support.simulated import ANTHROPIC, BODIES, OPENAI, chat_body, events_of, post

CHAT, RESPONSES, MESSAGES = BODIES


@pytest.fixture(params=list(BODIES))
def path(request):
    return request.param


@pytest.fixture
def slow():
    """Two milliseconds before every event: a hundred of them take long enough to leave in between."""
    with SimulatedProvider(Settings(pace=Pace(event_seconds=0.002), answer_tokens=2_000)).in_thread() as running:
        yield running


def request_bytes(path, fault="", **more):
    body = json.dumps(BODIES[path](**more)).encode()
    own = ANTHROPIC if path == MESSAGES else OPENAI
    headers = {**own, "host": "x", "content-length": str(len(body)), **({"x-sim-fault": fault} if fault else {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def opened(provider, data):
    connection = socket.create_connection((provider.host, provider.port), timeout=5)
    connection.sendall(data)
    return closing(connection)


def received_until_reset(connection):
    """What arrived before the connection was reset; fails if it ended in another way."""
    pieces = []
    while True:
        try:
            piece = connection.recv(65_536)
        except ConnectionResetError:
            return b"".join(pieces)
        assert piece, "the connection ended cleanly"
        pieces.append(piece)


def settled(provider, outcome):
    """The last entry once it has this outcome."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if len(provider.bill) and provider.bill.entries[-1].outcome == outcome:
            return provider.bill.entries[-1]
        time.sleep(0.005)
    raise AssertionError(f"no entry became {outcome!r}: {provider.bill.entries}")


@pytest.mark.parametrize("stream", [False, True])
def test_reset_before_the_headers_gives_no_byte_and_is_billed(provider, path, stream):
    with opened(provider, request_bytes(path, "reset_before_headers", stream=stream)) as connection:
        assert received_until_reset(connection) == b""
    entry = settled(provider, "broken")
    assert (entry.status, entry.usage.output_tokens, entry.fault) == (0, 100, "reset_before_headers")


@pytest.mark.parametrize("stream", [False, True])
def test_reset_after_the_headers_gives_only_headers(provider, path, stream):
    with opened(provider, request_bytes(path, "reset_after_headers", stream=stream)) as connection:
        head, _, rest = received_until_reset(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert rest == b""
    assert settled(provider, "broken").usage.output_tokens == (0 if stream else 100)


@pytest.mark.parametrize("stream", [False, True])
def test_reset_in_the_middle_gives_half_a_body(provider, path, stream):
    with opened(provider, request_bytes(path, "reset_mid_body", stream=stream)) as connection:
        head, _, rest = received_until_reset(connection).partition(b"\r\n\r\n")
    assert len(rest) > 100
    assert b"200 OK" in head
    assert 0 < settled(provider, "broken").usage.output_tokens <= 100


@pytest.mark.parametrize("events", [1, 8])
def test_reset_after_some_events_gives_exactly_these(provider, path, events):
    with opened(provider, request_bytes(path, f"reset_after_events:events={events}", stream=True)) as connection:
        data = received_until_reset(connection)
    assert data.count(b"data: ") == events
    entry = settled(provider, "broken")
    assert entry.usage.output_tokens < events
    assert entry.usage.input_tokens > 0


def test_a_fault_can_be_told_not_to_bill(provider):
    with opened(provider, request_bytes(CHAT, "reset_before_headers:billed=false")) as connection:
        received_until_reset(connection)
    assert settled(provider, "broken").picos == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 529])
def test_any_status_can_be_answered_and_is_free(provider, path, status):
    answer = post(provider, path, BODIES[path](), **{"x-sim-fault": f"{status}:retry_after=3"})
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
    assert answer.json()["error"]["message"]
    entry = provider.bill.entries[0]
    assert (entry.outcome, entry.status, entry.picos) == ("refused", status, 0)


def test_an_error_after_the_work_was_done_is_billed(provider, path):
    answer = post(provider, path, BODIES[path](), **{"x-sim-fault": "error:status=500,billed=true"})
    assert answer.status_code == 500
    assert provider.bill.entries[0].usage.output_tokens == 100


def test_silence_lasts_until_the_client_leaves_and_is_billed(provider, path):
    with opened(provider, request_bytes(path, "silence")) as connection:
        assert settled(provider, "broken").usage.output_tokens == 100
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert post(provider, path, BODIES[path]()).status_code == 200


def test_latency_comes_before_the_headers(provider):
    begun = time.monotonic()
    post(provider, CHAT, chat_body(), **{"x-sim-fault": "latency:seconds=0.1"})
    assert time.monotonic() - begun >= 0.1


def test_a_client_that_leaves_while_it_waits_is_billed_for_the_work(provider):
    with opened(provider, request_bytes(CHAT, "latency:seconds=0.1")):
        pass
    assert settled(provider, "left").usage.output_tokens == 100


def test_a_client_that_leaves_a_stream_is_billed_for_what_was_made_by_then(slow, path):
    with opened(slow, request_bytes(path, stream=True)) as connection:
        data = b""
        while data.count(b"data: ") < 8:
            data += connection.recv(4_096)
    entry = settled(slow, "left")
    assert 0 < entry.usage.output_tokens < 1_000
    assert entry.usage.input_tokens > 0


def test_a_slow_stream_still_arrives_whole(provider):
    text = post(provider, CHAT, chat_body(stream=True, max_tokens=5), **{"x-sim-fault": "slow:seconds=0.001"}).text
    assert events_of(text)[-1] == ("", "[DONE]")


def test_the_bill_is_settled_before_the_client_sees_the_end(provider, path):
    for _ in range(20):
        post(provider, path, BODIES[path](stream=True))
        assert provider.bill.entries[-1].outcome == "answered"


def test_large_events_carry_several_tokens():
    with SimulatedProvider(Settings(pace=Pace(tokens_per_event=25))).in_thread() as provider:
        events = events_of(post(provider, CHAT, chat_body(stream=True)).text)
    assert len(events) == 1 + 4 + 1 + 1
    assert len("".join(data["choices"][0]["delta"].get("content", "") for _, data in events[:-1]).split()) == 100
