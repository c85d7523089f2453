"""One call in process: read what the client is about to send, hand it to the life of a call, and say what came of it."""

import asyncio
from typing import NamedTuple

import msgspec

from farthing.accounts.attribution import attribute_heard, heard_in
from farthing.call.arrival import Arrival, Caller, Headers, Provider
from farthing.call.drive import drive
from farthing.call.entering import enter
from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.domain.record import Labels
from farthing.sdk.desk import CallDesk
from farthing.sdk.engine import LocalEngine
from farthing.sdk.exchange import Exchange
from farthing.sdk.routes import Path
from farthing.wire.dialect import Dialect

_HOPS = frozenset(
    (
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"connection",
        b"keep-alive",
        b"accept-encoding",
        b"te",
        b"upgrade",
    )
)
_OURS = b"x-farthing-"
_PLAIN = (b"accept-encoding", b"identity")
_A_DAY = 86_400.0


class Request(NamedTuple):
    """What a client is about to send."""

    path: Path
    provider: Provider
    query: str
    headers: Headers
    """Names in lower case."""
    body: bytes
    labels: Labels
    """Of the budgets in scope. They win over whatever the request says of itself."""


async def serve(engine: LocalEngine, request: Request, exchange: Exchange) -> None:
    """The whole life of one call, on the engine's loop. Whatever happens, the caller's side is told when it is over."""
    error: BaseException | None = None
    try:
        await _serve(engine, request, exchange)
    except (BadRequest, LedgerUnavailable) as refused:
        await _say(exchange, request.path.dialect, refused)
    except asyncio.CancelledError:
        error = LedgerUnavailable("the engine of this process was shut while the call was under way")
        raise
    except Exception as broken:  # noqa: BLE001 - raised where the user is
        error = broken
    finally:
        exchange.over(error)


async def _serve(local: LocalEngine, request: Request, exchange: Exchange) -> None:
    engine = local.engine
    await local.beats.keep_up()
    desk = CallDesk(engine, local.rules, request.provider, exchange)
    draft = request.path.dialect.read(request.body)
    heard = attribute_heard(heard_in(request.headers), draft.asked.attribution)
    arrived_ms = engine.now_ms()
    arrival = Arrival(
        id=engine.mint(arrived_ms),
        arrived_ms=arrived_ms,
        dialect=request.path.dialect,
        draft=draft,
        caller=Caller(labels=merged(heard.labels, request.labels)),
        path=request.path.own,
        query=request.query,
        headers=(_PLAIN, *[pair for pair in request.headers if pair[0] not in _HOPS and not pair[0].startswith(_OURS)]),
        patience_ms=_patience_ms(request.headers),
        skeleton=msgspec.json.encode(draft.skeleton(engine.skeleton_key)),
    )
    await drive(await enter(arrival, desk.rules, desk), desk, exchange)


def merged(said: Labels, ours: Labels) -> Labels:
    """Both, sorted by name; ours where both name one."""
    return tuple(sorted({**dict(said), **dict(ours)}.items()))


def _patience_ms(headers: Headers) -> int | None:
    """How long the client itself waits, where it says so (OpenAI's and Anthropic's clients do, in seconds)."""
    named = dict(headers)
    text = named.get(b"x-stainless-timeout") or named.get(b"x-stainless-read-timeout")
    try:
        seconds = float(text) if text else 0.0
    except ValueError:
        return None
    return int(seconds * 1_000) if 0 < seconds < _A_DAY else None


async def _say(exchange: Exchange, dialect: Dialect, refused: BadRequest | LedgerUnavailable) -> None:
    """A refusal of ours before the life of the call could write one, as an answer in the client's dialect."""
    if isinstance(refused, BadRequest):
        status, code, field = refused.status, refused.code, refused.field
    else:
        status, code, field = 503, "ledger_unavailable", ""
    body = dialect.error(status=status, message=str(refused), code=code, field=field)
    await exchange.whole(status, [(b"content-type", b"application/json"), (b"x-should-retry", b"false")], body)
