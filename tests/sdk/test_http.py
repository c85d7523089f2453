"""What an error of a client's HTTP proves, and requests that carry what its own would."""

import httpx
import httpx2
import pytest

from farthing.domain.errors import Ambiguous, NotSent, Unreachable
from farthing.sdk.http import as_own, proof, streams


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_only_what_was_never_sent_is_proven_unsent(module):
    assert type(proof(module.ConnectError("x"))) is Unreachable
    assert type(proof(module.PoolTimeout("x"))) is NotSent
    for error in (module.ReadTimeout("x"), module.RemoteProtocolError("x"), KeyboardInterrupt()):
        assert type(proof(error)) is Ambiguous


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_headers_and_cookies_of_the_clients_own_http_go_along(module):
    with module.Client(headers={"x-corp": "1", "authorization": "theirs"}, cookies={"a": "b"}) as inner:
        request = as_own(inner, module.Request("POST", "http://x/", headers={"authorization": "ours"}, content=b"body"))
    assert request.headers["x-corp"] == "1"
    assert request.headers["cookie"] == "a=b"
    assert request.headers["authorization"] == "ours"
    assert request.headers["content-length"] == "4"


def test_a_stream_is_a_good_answer_of_events():
    events = {"content-type": "text/event-stream; charset=utf-8"}
    assert streams(httpx.Response(200, headers=events))
    assert not streams(httpx.Response(500, headers=events))
    assert not streams(httpx.Response(200, json={}))
