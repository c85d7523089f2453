"""Our own webhook: one signed POST of JSON, over the same HTTP that providers are reached with."""

import asyncio

import msgspec

from farthing import __version__
from farthing.domain.errors import BadRequest, UpstreamFailed
from farthing.notify.address import origin_and_target
from farthing.notify.failure import Undelivered
from farthing.notify.signature import HEADER, sign
from farthing.ports.alerts import Alert
from farthing.ports.upstream import Outbound, Upstream

SECONDS = 10.0
"""For the whole exchange."""
_ANSWER_BYTES = 64 * 1024


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver gets. Amounts are in the rule's base: millionths for shares, nano-dollars for money."""

    type: str = "farthing.alert"
    id: str
    """The same at every attempt: who sees it twice has seen one alert."""
    alert: int
    at_ms: int
    rule: str
    subject: str
    value: int | None
    threshold: int
    title: str
    text: str


class Webhook:
    """Posts alerts. `secret` signs them; it is never sent."""

    def __init__(self, upstream: Upstream, secret: bytes, *, seconds: float = SECONDS) -> None:
        self._upstream = upstream
        self._secret = secret
        self._seconds = seconds

    async def deliver(self, url: str, alert: Alert, key: str, now_ms: int) -> None:
        """Returns when the receiver has answered with a 2xx. Raises Undelivered; its words hold nothing of the path."""
        body = payload(alert, key)
        origin, target = origin_and_target(url)
        request = Outbound(
            origin=origin, target=target, headers=_headers(self._secret, body, key, now_ms // 1_000), body=body
        )
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._upstream.send(request)
                try:
                    await answer.read_all(_ANSWER_BYTES)
                finally:
                    answer.abort()
        except TimeoutError:
            raise Undelivered(f"{origin} did not answer within {self._seconds:g} seconds") from None
        except BadRequest as error:
            raise Undelivered(f"the address cannot be written as HTTP: {error.message}") from error
        except UpstreamFailed as error:
            raise Undelivered(_first_line(str(error))) from error
        if answer.status // 100 == 3:
            raise Undelivered(f"{origin} answered with a redirect ({answer.status}); name its final address")
        if answer.status // 100 != 2:
            raise Undelivered(f"{origin} answered {answer.status}")


def payload(alert: Alert, key: str) -> bytes:
    """The body, as JSON."""
    return msgspec.json.encode(
        Payload(
            id=key,
            alert=alert.id,
            at_ms=alert.at_ms,
            rule=alert.rule,
            subject=alert.subject,
            value=alert.value,
            threshold=alert.threshold,
            title=alert.title,
            text=alert.text,
        )
    )


def _headers(secret: bytes, body: bytes, key: str, at_seconds: int) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", b"application/json"),
        (b"user-agent", f"farthing/{__version__}".encode()),
        (b"idempotency-key", key.encode()),
        (HEADER.encode(), sign(secret, at_seconds, body).encode()),
    )


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:200]
