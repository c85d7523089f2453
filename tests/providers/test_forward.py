"""The aiohttp adapter where it goes beyond the contract: proxies, the environment, and a missing package."""

import socket
import subprocess
import sys

import pytest

from farthing.domain.errors import Ambiguous, BadConfig, BadRequest, NotSent
from farthing.ports.upstream import Outbound
from farthing.providers import forward
from farthing.providers.forward import AiohttpUpstream
from support.rawserver import OK, Peer, RawServer, always, answer


@pytest.fixture
def kind():
    return "aiohttp"


async def fetch(upstream, origin, **more):
    got = await upstream.send(Outbound(origin=origin, target="/v1/x", **more))
    return got.status, await got.read_all(1000)


async def test_a_plain_request_goes_through_the_proxy_with_its_password(clients):
    async with RawServer(always(answer(b"via proxy"))) as proxy:
        upstream = clients(proxy=f"http://user:pass@127.0.0.1:{proxy.port}")
        assert await fetch(upstream, "http://model.test") == (200, b"via proxy")
        (seen,) = proxy.requests
    assert seen.line == b"POST http://model.test/v1/x HTTP/1.1"
    assert seen.field(b"host") == [b"model.test"]
    assert seen.field(b"proxy-authorization") == [b"Basic dXNlcjpwYXNz"]


async def test_a_secret_request_asks_the_proxy_for_a_tunnel_and_shows_it_nothing(clients):
    async def script(peer: Peer) -> None:
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"CONNECT model.test:443 HTTP/1.1\r\n")
        assert b"secret" not in head
        await peer.send(OK + b"\r\n")
        assert (await peer.reader.read(1)) == b"\x16", "the first byte of a TLS handshake"

    async with RawServer(script) as proxy:
        upstream = clients(proxy=f"http://127.0.0.1:{proxy.port}")
        with pytest.raises((NotSent, Ambiguous)):
            await fetch(upstream, "https://model.test", headers=((b"authorization", b"secret"),))
        assert len(proxy.peers) == 1


async def test_a_proxy_that_is_down_is_not_sent(clients):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent):
            await fetch(clients(proxy=f"http://127.0.0.1:{closed.getsockname()[1]}"), "http://model.test")


async def test_a_proxy_that_refuses_a_tunnel_is_ambiguous(clients):
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(b"", status=b"407 Who are you"))

    async with RawServer(script) as proxy:
        with pytest.raises(Ambiguous):
            await fetch(clients(proxy=f"http://127.0.0.1:{proxy.port}"), "https://model.test")


@pytest.mark.parametrize(("trusted", "excluded", "seen"), [(True, "", 1), (True, "127.0.0.1", 0), (False, "", 0)])
async def test_the_environment_names_a_proxy_only_where_it_is_trusted(clients, monkeypatch, trusted, excluded, seen):
    async with RawServer(always(answer(b"proxy"))) as proxy, RawServer(always(answer(b"model"))) as model:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", excluded)
        _, body = await fetch(clients(trust_env=trusted), model.origin)
    assert body == (b"proxy" if seen else b"model")
    assert len(proxy.requests) == seen


async def test_a_name_that_leads_to_a_metadata_service_is_not_connected(clients):
    with pytest.raises(NotSent, match="link-local"):
        await fetch(clients(proxy="http://169.254.169.254:3128"), "http://model.test")


async def test_an_operator_may_allow_what_is_refused_otherwise(clients):
    upstream = clients(refuse_metadata=False)
    address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("169.254.169.254", 80))
    upstream._socket(address).close()
    with pytest.raises(OSError, match="link-local"):
        clients()._socket(address)


async def test_a_header_value_that_aiohttp_would_change_is_refused(clients):
    with pytest.raises(BadRequest, match="UTF-8"):
        await fetch(clients(), "http://model.test", headers=((b"x", b"\xff"),))


def test_without_aiohttp_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(BadConfig, match=r"pip install 'farthing\[proxy\]'"):
        AiohttpUpstream()


def test_aiohttp_is_loaded_only_when_it_is_used():
    code = f"import sys, {forward.__name__}; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
