"""Our own webhook, over values and over real sockets."""

import asyncio
import json

import pytest

from farthing.domain.errors import Ambiguous, BadRequest, NotSent
from farthing.notify.failure import Undelivered
from farthing.notify.signature import HEADER, verify
from farthing.notify.webhook import Webhook, payload
from farthing.providers.pool import Pool
from farthing.stores.memory.alerts import MemoryOutbox
from support.alerting import NOON, an_alert
from support.rawserver import RawServer, always, answer
from support.upstream import PreparedAnswer, PreparedUpstream

SECRET = b"a secret of this installation"
URL = "https://hooks.example.com/T0K3N?key=T0K3N"
ALERT = MemoryOutbox().tell(an_alert("bob"), ())


def deliver(*outcomes):
    """What was sent; raises what the webhook raises."""
    upstream = PreparedUpstream(*outcomes)
    asyncio.run(Webhook(upstream, SECRET).deliver(URL, ALERT, "the-key", NOON))
    (sent,) = upstream.sent
    return sent


def test_an_alert_is_one_signed_post_with_an_id_that_stays():
    sent = deliver(PreparedAnswer(204))
    fields = dict(sent.headers)
    assert (sent.method, sent.origin, sent.target) == ("POST", "https://hooks.example.com", "/T0K3N?key=T0K3N")
    assert fields[b"content-type"] == b"application/json"
    assert fields[b"idempotency-key"] == b"the-key"
    assert verify(SECRET, fields[HEADER.encode()].decode(), sent.body, NOON // 1_000)
    assert not verify(b"wrong", fields[HEADER.encode()].decode(), sent.body, NOON // 1_000)
    assert json.loads(sent.body) == {
        "type": "farthing.alert",
        "id": "the-key",
        "alert": ALERT.id,
        "at_ms": NOON,
        "rule": "budget > 80%",
        "subject": "bob",
        "value": 9,
        "threshold": 8,
        "title": "it is full",
        "text": "all of it",
    }


def test_the_same_alert_is_the_same_bytes_at_every_attempt():
    assert payload(ALERT, "k") == payload(ALERT, "k") != payload(ALERT, "l")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_takes_it(status):
    deliver(PreparedAnswer(status, [b"ok"]))


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (PreparedAnswer(500), "answered 500"),
        (PreparedAnswer(404), "answered 404"),
        (PreparedAnswer(302), "redirect"),
        (PreparedAnswer(200, [b"x" * 70_000]), "too long"),
        (NotSent("https://hooks.example.com could not be reached"), "could not be reached"),
        (Ambiguous("https://hooks.example.com was cut"), "was cut"),
    ],
)
def test_anything_else_is_a_failed_attempt_that_shows_no_secret(outcome, told):
    with pytest.raises(Undelivered, match=told) as error:
        deliver(outcome)
    assert "T0K3N" not in str(error.value)


def test_a_request_that_is_no_http_is_a_failed_attempt():
    class Refusing:
        async def send(self, request):
            raise BadRequest("the path cannot be written", field="path")

    with pytest.raises(Undelivered, match="cannot be written"):
        asyncio.run(Webhook(Refusing(), SECRET).deliver(URL, ALERT, "k", NOON))


def over_the_wire(script, seconds=10.0, *, dead=False):
    async def main():
        async with RawServer(script) as server:
            pool = Pool()
            port = server.port
            if dead:
                server._server.close()
                await asyncio.sleep(0)
            try:
                await Webhook(pool, SECRET, seconds=seconds).deliver(
                    f"http://127.0.0.1:{port}/in?a=b", ALERT, "k", NOON
                )
            finally:
                await pool.close()
            return server.requests

    return asyncio.run(main())


def test_a_real_receiver_can_check_what_it_gets():
    (received,) = over_the_wire(always(answer(b"thanks")))
    assert received.line == b"POST /in?a=b HTTP/1.1"
    (signature,) = received.field(HEADER.encode())
    assert verify(SECRET, signature.decode(), received.body, NOON // 1_000)


def test_a_redirect_is_not_followed():
    elsewhere = answer(b"", b"location: http://169.254.169.254/", status=b"307 Temporary Redirect")
    with pytest.raises(Undelivered, match="307"):
        over_the_wire(always(elsewhere))


def test_an_endpoint_that_never_answers_is_given_up_in_time():
    async def silent(peer):
        await peer.request()
        await peer.until_closed()

    with pytest.raises(Undelivered, match=r"did not answer within 0\.05 seconds"):
        over_the_wire(silent, 0.05)


def test_an_endpoint_that_is_not_there_is_a_failed_attempt():
    with pytest.raises(Undelivered, match=r"127\.0\.0\.1"):
        over_the_wire(always(b""), dead=True)


def test_a_metadata_service_gets_nothing_whatever_name_led_there():
    async def main():
        pool = Pool()
        try:
            await Webhook(pool, SECRET).deliver("http://169.254.169.254/x", ALERT, "k", NOON)
        finally:
            await pool.close()

    with pytest.raises(Undelivered, match="metadata"):
        asyncio.run(main())
