"""HTTP/1.1 at its edges, byte by byte: desynchronising requests, floods, slow clients, and clients that leave.

The table is that of the measured servers (uvicorn with httptools takes a 200 KB header, two Hosts and half a header for
ever); here each case has one answer, and nothing that is refused ever holds money.
"""

import asyncio
import gc
import socket
import threading
import time

import pytest

from farthing.gateway.limits import WireLimits
from farthing.gateway.protocol import LimitedProtocol
from farthing.testing import Fault, Pace, Settings, SimulatedProvider
from support.admin import BUDGET
from support.gateway import gateway_and_provider, running_gateway, write_config
from support.rawclient import CHAT, RawClient, chunks, first_status, get, request

TE = b"Transfer-Encoding: chunked"

REFUSED = {
    "CL and TE": (request(TE) + b"0\r\n\r\n", 400),
    "two lengths": (request(b"Content-Length: 5"), 400),
    "a length twice": (request(b"Content-Length: %d" % len(CHAT)), 400),
    "a list of lengths": (request(b"Content-Length: 5,5", length=False), 400),
    "a signed length": (request(b"Content-Length: +%d" % len(CHAT), length=False), 400),
    "an unknown coding": (request(b"Transfer-Encoding: xchunked", length=False), 400),
    "identity before chunked": (request(b"Transfer-Encoding: chunked, identity", length=False), 400),
    "a folded header": (request(b"X-A: one\r\n two"), 400),
    "a space before the colon": (request(b"X-A : one"), 400),
    "bare line feeds": (request().replace(b"\r\n", b"\n"), 400),
    "a bare CR in a value": (request(b"X-A: one\rtwo"), 400),
    "a NUL in a value": (request(b"X-A: one\x00two"), 400),
    "no Host": (request(host=None), 400),
    "two Hosts": (request(b"Host: localhost"), 400),
    "a Host that is a path": (request(host=b"Host: 127.0.0.1/healthz?"), 400),
    "a Host with a user": (request(host=b"Host: a@127.0.0.1"), 400),
    "an empty Host": (request(host=b"Host: "), 400),
    "two Authorizations": (request(b"Authorization: Bearer a", b"Authorization: Bearer b"), 400),
    "two keys": (request(b"X-Api-Key: a", b"X-Api-Key: b"), 400),
    "two label headers": (request(b"X-Farthing-Labels: team=a", b"X-Farthing-Labels: team=b"), 400),
    "two content types": (request(b"Content-Type: text/plain"), 400),
    "an underscore in a name": (request(b"X_Api_Key: a"), 400),
    "a header of 200 KB": (request(b"X-A: " + b"a" * 200_000), 431),
    "a header of 40 KB": (request(b"X-A: " + b"a" * 40_000), 431),
    "5,000 headers": (request(*[b"X-%d: a" % n for n in range(5_000)]), 431),
    "101 headers": (request(*[b"X-%d: a" % n for n in range(101)]), 431),
    "a URL of 60 KB": (get(b"/" + b"a" * 60_000), 431),
    "no HTTP at all": (b"hello there\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", 400),
    "HTTP/2 by surprise": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "CONNECT": (b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", None),
    "a bad chunk size": (request(TE, length=False, body=b"zz\r\nhello\r\n0\r\n\r\n"), 400),
    "a chunk longer than told": (request(TE, length=False, body=b"2\r\nhello\r\n0\r\n\r\n"), 400),
    "an extension with a bad end": (request(TE, length=False, body=b"5;a\nhello\r\n0\r\n\r\n"), 400),
}


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("wire"), BUDGET) as (gateway, provider):
        yield gateway.port
        assert gateway.open("all") == 0
        assert gateway.posted("all") == sum(entry.nanos for entry in provider.bill)


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_could_mean_two_things_is_refused_and_the_connection_closed(port, name):
    data, wanted = REFUSED[name]
    status, closed = first_status(port, data)
    assert 400 <= status < 500
    assert wanted is None or status == wanted
    assert closed


SERVED = {
    "plain": (request(), 200),
    "chunked": (request(TE, length=False, body=chunks(CHAT)), 200),
    "in many chunks": (request(TE, length=False, body=chunks(*[CHAT[n : n + 1] for n in range(len(CHAT))])), 200),
    "a chunk extension": (request(TE, length=False, body=b"%x;note=a\r\n%s\r\n0\r\n\r\n" % (len(CHAT), CHAT)), 200),
    "trailers": (request(TE, length=False, body=chunks(CHAT)[:-2] + b"X-Trailer: a\r\n\r\n"), 200),
    "100 headers": (request(*[b"X-%d: a" % n for n in range(97)]), 200),
    "a header of 30 KB": (request(b"X-A: " + b"a" * 30_000), 200),
    "Host with a port": (request(host=b"Host: localhost:4141"), 200),
    "an absolute target": (get(b"http://127.0.0.1/healthz"), 200),
    "a leading empty line": (b"\r\n" + request(), 200),
}


@pytest.mark.parametrize("name", SERVED)
def test_a_request_that_means_one_thing_is_served_on_a_kept_connection(port, name):
    data, wanted = SERVED[name]
    assert first_status(port, data) == (wanted, False)


def test_http_1_0_is_served_and_closed(port):
    assert first_status(port, request(version=b"1.0")) == (200, True)


def test_three_pipelined_requests_have_three_answers_in_order(port):
    with RawClient(port) as client:
        client.send(get() + request() + get(b"/nothing"))
        assert [client.answer()[0] for _ in range(3)] == [200, 200, 404]


def test_what_follows_a_refused_request_is_never_looked_at(port):
    with RawClient(port) as client:
        client.send(request(b"X_A: b") + request())
        answers = client.rest()
    assert answers.count(b"HTTP/1.1 ") == 1
    assert answers.startswith(b"HTTP/1.1 400 ")


def test_expect_100_continue_is_asked_for_before_the_body(port):
    head, _, body = request(b"Expect: 100-continue").partition(b"\r\n\r\n")
    with RawClient(port) as client:
        client.send(head + b"\r\n\r\n")
        assert client.answer()[0] == 100
        client.send(body)
        assert client.answer()[0] == 200


def test_a_refusal_before_the_body_needs_no_100(port):
    head = request(b"Expect: 100-continue", b"Origin: http://evil.example").partition(b"\r\n\r\n")[0]
    with RawClient(port) as client:
        client.send(head + b"\r\n\r\n")
        assert client.answer()[0] == 403


def test_a_web_socket_is_refused_at_once_and_the_connection_closed(port):
    upgrade = get(b"/v1/responses", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13")
    assert first_status(port, upgrade) == (426, True)


def test_an_upgrade_to_http_2_is_answered_in_http_1_and_refused_with_a_body(port):
    offer = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
    assert first_status(port, get(b"/healthz", *offer)) == (200, True)
    with RawClient(port) as client:
        client.send(request(*offer))
        answer = client.rest()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"leave out Upgrade" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


# What needs a gateway of its own


@pytest.fixture
def hasty(tmp_path):
    """A gateway that is patient for a fifth of a second, and a provider that takes its time when told to."""
    limits = WireLimits(head_seconds=0.2, body_seconds=0.2, stall_seconds=0.3, idle_seconds=0.2, linger_seconds=0.2)
    with (
        SimulatedProvider().in_thread() as provider,
        running_gateway(write_config(tmp_path, provider.url, BUDGET), limits) as gateway,
    ):
        yield gateway, provider


@pytest.mark.parametrize("part", [b"P", b"POST /v1/chat/completions HTTP/1.1\r\nHos", request()[:60]])
def test_half_a_header_is_given_up(hasty, part):
    with RawClient(hasty[0].port) as client:
        client.send(part)
        assert client.rest().startswith(b"HTTP/1.1 408 ")


def test_a_header_that_drips_is_given_up(hasty):
    with RawClient(hasty[0].port) as client:
        dripping = threading.Event()

        def drip():
            for byte in request(b"X-A: " + b"a" * 10_000):
                if dripping.is_set():
                    return
                try:
                    client.send(bytes([byte]))
                except OSError:
                    return
                time.sleep(0.01)

        thread = threading.Thread(target=drip)
        thread.start()
        answer = client.rest()
        dripping.set()
        thread.join()
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_half_a_body_is_given_up_and_holds_nothing(hasty):
    gateway, provider = hasty
    with RawClient(gateway.port) as client:
        client.send(request()[:-10])
        assert client.rest().startswith(b"HTTP/1.1 408 ")
    assert not provider.requests
    assert gateway.open("all") == 0


def test_a_connection_that_says_nothing_is_closed(hasty):
    with RawClient(hasty[0].port) as client:
        assert client.rest() == b""


def test_an_idle_connection_is_closed_after_its_answer(hasty):
    with RawClient(hasty[0].port) as client:
        client.send(get())
        assert client.answer()[0] == 200
        assert client.rest() == b""


def test_a_client_that_reads_nothing_counts_as_gone(tmp_path):
    limits = WireLimits(stall_seconds=0.2)
    long = SimulatedProvider(Settings(answer_tokens=16_000))
    with long.in_thread() as provider, running_gateway(write_config(tmp_path, provider.url, BUDGET), limits) as gateway:
        with RawClient(gateway.port) as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.send(request(body=CHAT.replace(b'"max_tokens": 20', b'"stream": true')))
            until(lambda: not gateway.engine.draining and not connections(gateway))
        assert gateway.open("all") == 0 or gateway.posted("all") == 0


def connections(gateway):
    return [task for task in asyncio.all_tasks(gateway.loop) if "_answer" in repr(task.get_coro())]


def until(happened, seconds=15):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.mark.parametrize("leave", [RawClient.reset, lambda client: client.socket.close()], ids=["reset", "closed"])
@pytest.mark.parametrize(
    "body", [request()[:-10], request(TE, length=False, body=chunks(CHAT)[:-5])], ids=["length", "chunks"]
)
def test_a_disconnect_inside_a_body_is_an_abort_and_never_its_end(both, leave, body):
    gateway, provider = both
    client = RawClient(gateway.port)
    client.send(body)
    leave(client)
    until(lambda: not connections(gateway))
    assert not provider.requests
    assert gateway.open("all") == gateway.posted("all") == 0
    assert gateway.engine.records.recent(limit=1) == ()


@pytest.mark.slow
def test_a_client_that_leaves_is_noticed_behind_a_pipelined_request(tmp_path):
    faults = [Fault(kind="silence")]
    with gateway_and_provider(tmp_path, BUDGET, faults=faults) as (gateway, provider):
        client = RawClient(gateway.port)
        client.send(request() + get())
        until(lambda: provider.requests)
        (turn,) = [c.turn for c in server_connections(gateway)]
        client.reset()
        until(lambda: turn.gone)


def test_a_refusal_comes_behind_the_answer_that_is_owed(tmp_path):
    faults = [Fault(kind="latency", seconds=0.3)]
    with (
        gateway_and_provider(tmp_path, BUDGET, faults=faults) as (gateway, provider),
        RawClient(gateway.port) as client,
    ):
        client.send(request())
        until(lambda: provider.requests)
        client.send(request(b"X_A: b"))
        assert client.answer()[0] == 200
        assert client.answer()[0] == 400
        assert client.rest() == b""


def server_connections(gateway):
    return [c for c in gc.get_objects() if isinstance(c, LimitedProtocol) and c.loop is gateway.loop and c.turn]


def test_more_connections_than_allowed_are_told_so(tmp_path):
    with SimulatedProvider().in_thread() as provider:
        config = write_config(tmp_path, provider.url, BUDGET)
        with running_gateway(config, WireLimits(connections=1)) as gateway, RawClient(gateway.port) as first:
            first.send(get())
            assert first.answer()[0] == 200
            assert first_status(gateway.port, get()) == (503, True)
            first.send(get())
            assert first.answer()[0] == 200


def test_a_slow_stream_outlives_the_limits_of_requests(tmp_path):
    limits = WireLimits(head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2)
    paced = SimulatedProvider(Settings(answer_tokens=12, pace=Pace(event_seconds=0.08)))
    with (
        paced.in_thread() as provider,
        running_gateway(write_config(tmp_path, provider.url, BUDGET), limits) as gateway,
        RawClient(gateway.port) as client,
    ):
        client.send(request(body=CHAT.replace(b'"max_tokens": 20', b'"stream": true')))
        status, body = client.answer()
    assert status == 200
    assert b"[DONE]" in body
