"""One call over HTTP: read it, know who asks, and hand it to the life of a call."""

from functools import lru_cache

import msgspec

from farthing.call.arrival import Arrival, Headers
from farthing.call.drive import drive
from farthing.call.states import NeedsFunds, Refused
from farthing.config.engine import Engine
from farthing.domain.refusal import Refusal
from farthing.gateway import idempotency
from farthing.gateway.body import read_body
from farthing.gateway.client import HttpClient, Receive, Scope
from farthing.gateway.identify import authenticate, caller_of, check_json
from farthing.gateway.once import Once
from farthing.gateway.routes import Route

_OURS_OR_THE_HOPS = frozenset(
    (
        b"host", b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"te", b"trailer", b"upgrade",
        b"expect", b"accept-encoding", b"authorization", b"x-api-key", b"x-goog-api-key", b"cookie", b"origin", b"referer",
        b"forwarded", b"proxy-authorization", b"proxy-connection", b"content-type", b"api-key",
        idempotency.HEADER,  # the provider knows one account, ours: it would take two tenants' equal keys for one
    )
)  # fmt: skip
_OUR_PREFIXES = (b"x-farthing-", b"x-forwarded-", b"sec-", b"proxy-")
_JSON = (b"content-type", b"application/json")
_PLAIN = (b"accept-encoding", b"identity")
_PLAIN_CONNECTIONS = (b"keep-alive", b"close")
_A_DAY = 86_400.0


async def serve_call(
    engine: Engine, once: Once, route: Route, scope: Scope, receive: Receive, client: HttpClient
) -> None:
    """Raises BadRequest for what cannot be accepted, before anything is held or sent."""
    arrived_ms = engine.now_ms()
    raw: list[tuple[bytes, bytes]] = scope["headers"]
    headers = dict(raw)
    key = authenticate(headers, engine.keys, scope["client"][0] if scope["client"] else "")
    check_json(headers)
    body = await read_body(receive, headers, engine.settings.gateway.body_bytes)
    draft = route.dialect.read(body)
    caller = caller_of(key, raw, draft.asked.attribution)
    arrival = Arrival(
        id=engine.mint(arrived_ms),
        arrived_ms=arrived_ms,
        dialect=route.dialect,
        draft=draft,
        caller=caller,
        path=route.path,
        query=scope["query_string"].decode("latin-1"),
        headers=forwarded(raw),
        credential=credential(headers, keyless=key is None),
        patience_ms=patience_ms(headers),
        code_for_codex=headers.get(b"originator", b"").startswith(b"codex"),
        skeleton=msgspec.json.encode(draft.skeleton(engine.skeleton_key)),
    )
    plan = engine.rules.plan(arrival)
    state = Refused(arrival, plan) if isinstance(plan, Refusal) else NeedsFunds(plan)
    name = headers.get(idempotency.HEADER)
    if name is None:
        await drive(state, engine, client)
    else:
        claim = idempotency.claim_of(idempotency.key_in(name), arrival, body)
        await once.serve(claim, state, client, route.dialect)


def forwarded(raw: list[tuple[bytes, bytes]]) -> Headers:
    """The caller's headers that go on to the provider: betas, versions and the like; never credentials, ours, or what
    the caller's own `Connection` keeps to this hop."""
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


def credential(headers: dict[bytes, bytes], *, keyless: bool) -> Headers:
    """The caller's own credential, which may go to a provider that has none of ours. With keys it is ours: never sent on."""
    if not keyless:
        return ()
    return tuple((name, headers[name]) for name in (b"authorization", b"x-api-key") if name in headers)


def patience_ms(headers: dict[bytes, bytes]) -> int | None:
    """How long the client itself waits, from the headers that the OpenAI and Anthropic clients send (seconds)."""
    text = headers.get(b"x-stainless-timeout") or headers.get(b"x-stainless-read-timeout")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return None
    return int(seconds * 1_000) if 0 < seconds < _A_DAY else None
