"""Which of the caller's headers go on to the provider."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from farthing.call.arrival import Headers
from farthing.gateway import idempotency

_WHOSE_BILL = (b"openai-organization", b"openai-project", b"x-goog-user-project")
"""Which of an account's projects pays. With our credential it is ours to say (`headers` of the provider)."""
_OURS_OR_THE_HOPS = frozenset(
    (
        b"host", b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"te", b"trailer", b"upgrade",
        b"expect", b"accept-encoding", b"authorization", b"x-api-key", b"x-goog-api-key", b"cookie", b"origin", b"referer",
        b"forwarded", b"proxy-authorization", b"proxy-connection", b"content-type", b"api-key",
        b"x-goog-fieldmask", b"x-http-method-override",  # Google's: an answer without its usage, another method than ours
        *_WHOSE_BILL,
        idempotency.HEADER,  # the provider knows one account, ours: it would take two tenants' equal keys for one
    )
)  # fmt: skip
_OUR_PREFIXES = (b"x-farthing-", b"x-forwarded-", b"sec-", b"proxy-")
_JSON = (b"content-type", b"application/json")
_PLAIN = (b"accept-encoding", b"identity")
_PLAIN_CONNECTIONS = (b"keep-alive", b"close")


def forwarded(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The caller's headers that go on to the provider: betas, versions and the like; never credentials, ours, or what
    the caller's own `Connection` keeps to this hop."""
    raw = tuple(raw)
    going = [pair for pair in raw if _goes_on(pair[0])]
    connection = next((value for name, value in raw if name == b"connection"), b"keep-alive")
    if connection.lower() not in _PLAIN_CONNECTIONS:
        nominated = {
            option.strip() for name, value in raw if name == b"connection" for option in value.lower().split(b",")
        }
        going = [pair for pair in going if pair[0] not in nominated]
    return (_JSON, _PLAIN, *going)


@lru_cache(maxsize=4_096)
def _goes_on(name: bytes) -> bool:
    return name not in _OURS_OR_THE_HOPS and not name.startswith(_OUR_PREFIXES)


def credential(headers: Mapping[bytes, bytes], *, keyless: bool) -> Headers:
    """The caller's own credential and whose bill it names, which may go to a provider that has none of ours. With keys it
    is ours: never sent on."""
    if not keyless:
        return ()
    return tuple(
        (name, headers[name])
        for name in (b"authorization", b"x-api-key", b"x-goog-api-key", *_WHOSE_BILL)
        if name in headers
    )
