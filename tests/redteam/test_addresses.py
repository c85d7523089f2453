"""Tricks of HTTP and of addresses: whatever is not one of our calls is sent nowhere."""

import pytest

from support.gateway import gateway_and_provider
from support.gemini_gateway import gemini_gateway
from support.rawclient import CHAT, RawClient, request, statuses

ALL = '[[budgets]]\nname = "all"\nlimit = "1 USD"\n'
GEMINI = b'{"contents":[{"parts":[{"text":"hi"}]}]}'


def status_of(port, data):
    """The status of the answer to one request."""
    with RawClient(port) as client:
        client.send(data)
        return client.answer()[0]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("gateway"), ALL) as pair:
        yield pair


@pytest.mark.parametrize(
    "path",
    [
        *(b"//v1/chat/completions", b"/v1//chat/completions", b"/v1/chat/completions/", b"/v1/./chat/completions"),
        *(b"/v1/../v1/chat/completions", b"/v1/%2e%2e/v1/chat/completions", b"/v1/chat/completions;x=1"),
        *(b"/V1/chat/completions", b"/v1/chat/completions%00", b"/v1/chat%5ccompletions", b"/v1/completions"),
        *(b"/v1/responses/compact", b"/v1/images/generations", b"/v1/messages/batches", b"/v1/complete"),
        *(b"/v1/files/../chat/completions", b"/v1/models/../chat/completions", b"/v1/responses/x/cancel"),
    ],
)
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"PATCH", b"DELETE"])
def test_another_way_to_write_an_address_is_another_address(both, path, method):
    gateway, provider = both
    provider.reset()
    assert status_of(gateway.port, request(method=method, path=path)) in (400, 404, 405)
    assert len(provider.bill) == 0


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"TRACE"])
def test_a_call_with_another_method_is_none(both, method):
    gateway, provider = both
    provider.reset()
    with_websocket = request(b"Upgrade: websocket", b"Connection: Upgrade", method=method)
    for data in (request(method=method), with_websocket):
        assert statuses(gateway.port, data)[0] in (400, 403, 404, 405, 426)
    assert len(provider.bill) == 0


@pytest.mark.parametrize(
    "path",
    [
        b"http://127.0.0.1/v1/chat/completions",
        b"/v1/chat%2Fcompletions",
        b"/v1/chat/completions#x",
        b"/v1/chat/completions?x=1",
    ],
)
def test_what_is_taken_for_a_call_is_charged_as_one(both, path):
    gateway, provider = both
    provider.reset()
    before = gateway.posted("all")
    status_of(gateway.port, request(path=path))
    assert gateway.posted("all") - before == provider.bill.nanos


def test_pipelined_calls_are_charged_one_by_one(both):
    gateway, provider = both
    provider.reset()
    before = gateway.posted("all")
    with RawClient(gateway.port) as client:
        client.send(request() * 5)
        assert [client.answer()[0] for _ in range(5)] == [200] * 5
    assert len(provider.bill) == 5
    assert gateway.posted("all") - before == provider.bill.nanos


@pytest.mark.parametrize("header", [b"x-farthing-labels: team=a", b"authorization: Bearer x", b"content-length: 5"])
def test_a_header_of_ours_twice_is_refused(both, header):
    gateway, provider = both
    provider.reset()
    assert status_of(gateway.port, request(header, header, body=CHAT)) == 400
    assert len(provider.bill) == 0


@pytest.mark.parametrize(
    "verb",
    [
        *(b"embedContent", b"batchEmbedContents", b"predict", b"predictLongRunning", b"batchGenerateContent"),
        *(b"generateAnswer", b"generateText", b"asyncBatchEmbedContent", b"GenerateContent", b"bidiGenerateContent"),
    ],
)
@pytest.mark.parametrize("place", [b"/v1beta/models/gemini-2.5-flash", b"/v1/models/gemini-2.5-flash"])
def test_geminis_other_verbs_are_sent_nowhere(gemini, place, verb):
    gateway, provider = gemini
    assert status_of(gateway.port, request(path=place + b":" + verb, body=GEMINI)) in (400, 404)
    assert len(provider.bill) == 0


@pytest.mark.parametrize(
    "path",
    [
        *(
            b"/v1beta/tunedModels/mine:generateContent",
            b"/v1beta/cachedContents",
            b"/v1beta/batches",
            b"/v1beta/interactions",
        ),
        *(
            b"/v1beta/models/a/../b:generateContent",
            b"/v1beta/models/..%2f..%2fx:generateContent",
            b"/v1alpha/models/g:generateContent",
        ),
        *(
            b"/v1beta/models/g:generateContent:countTokens",
            b"/v1beta/models/g:generateContent/",
            b"/v1beta/openai/chat/completions",
        ),
        *(
            b"/v1beta/models/g:generateContent?$alt=sse",
            b"/v1beta/models/g:generateContent?fields=candidates",
            b"/v1beta/models/g:streamGenerateContent",
        ),
    ],
)
def test_geminis_other_addresses_are_sent_nowhere(gemini, path):
    gateway, provider = gemini
    assert status_of(gateway.port, request(path=path, body=GEMINI)) in (400, 404)
    assert len(provider.bill) == 0


@pytest.fixture(scope="module")
def gemini(tmp_path_factory):
    with gemini_gateway(tmp_path_factory.mktemp("gemini"), ALL) as pair:
        yield pair
