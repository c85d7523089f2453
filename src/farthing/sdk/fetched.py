"""A background answer that is fetched or cancelled later: what it came to is posted to the call that asked for it, once.

Fetching bills nothing. But OpenAI says only then what the answer cost, and until it has, the money stays set aside.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from farthing.call.arrival import Caller
from farthing.config.engine import Engine
from farthing.config.settling import card_of, settlement_of_background
from farthing.domain.ids import call_of
from farthing.sdk.engine import MEMORY, LocalEngine, local_engine, running
from farthing.sdk.http import BodyKind, pieces_of, pieces_of_async, streams
from farthing.sdk.loops import here
from farthing.wire.dialect import Answered
from farthing.wire.openai.responses import ResponsesDialect
from farthing.wire.openai.responses_stream import ResponsesStream

_RESPONSE = re.compile(r".*/responses/([A-Za-z0-9_-]{1,200})(/cancel)?")
_RESPONSES = ResponsesDialect()
_TENANT = Caller().tenant
"""In process there are no keys: all that is asked is one caller's."""
_LENGTHS = frozenset(("content-length", "content-encoding", "transfer-encoding"))


def fetched_by(request: Any) -> str:
    """The id of the response that a request of OpenAI's client asks for again or cancels; "" where it does neither."""
    found = _RESPONSE.fullmatch(request.url.path)
    if found is None or request.method != ("POST" if found[2] else "GET"):
        return ""
    return found[1]


def plainly(request: Any) -> Any:
    """The request, for an answer that can be read on its way."""
    request.headers["accept-encoding"] = "identity"
    return request


def heard(response: Any, module: Any, store: str) -> Any:
    """The answer to such a request, its cost posted before the user sees its end. For blocking clients."""
    if response.status_code != 200 or (engine := _engine(store)) is None:
        return response
    if streams(response):
        return _streaming(response, module, _STREAMS.of(module)(response, engine))
    body = response.read()
    engine.do(settle(engine.engine, _RESPONSES.answered(body)))
    return _whole(response, module, body)


async def heard_async(response: Any, module: Any, store: str) -> Any:
    """The same for asynchronous ones."""
    if response.status_code != 200 or (engine := await here().in_thread(lambda: _engine(store))) is None:
        return response
    if streams(response):
        return _streaming(response, module, _ASYNC_STREAMS.of(module)(response, engine))
    body = await response.aread()
    await engine.do_async(settle(engine.engine, _RESPONSES.answered(body)))
    return _whole(response, module, body)


async def settle(engine: Engine, answered: Answered) -> bool:
    """Post a finished answer to the call that still waits for it; on the engine's loop. False where there is none, or where
    it does not say what it used. The ledger makes a second settlement of the same attempt a no-op."""
    if answered.usage is None or answered.pending or not answered.id:
        return False
    await engine.ledger.flush()  # what was asked for a moment ago is found, too
    attempt = await asyncio.to_thread(engine.records.pending_response, _TENANT, answered.id)
    record = None if attempt is None else await asyncio.to_thread(engine.records.call, call_of(attempt))
    openings = () if record is None else (each.opening for each in record.attempts)
    opening = next((each for each in openings if each.id == attempt), None)
    if opening is None:
        return False
    card = card_of(engine, opening)
    settlement = settlement_of_background(opening.id, answered, card, tenant=_TENANT, now_ms=engine.now_ms())
    if settlement is not None:
        engine.ledger.settle(settlement)
    return settlement is not None


def _engine(store: str) -> LocalEngine | None:
    """Whoever keeps the calls. What a process keeps in its memory, no other has asked for: then there is none to wake."""
    return running(store) if store == MEMORY else local_engine(store)


def _whole(response: Any, module: Any, body: bytes) -> Any:
    return module.Response(response.status_code, headers=_headers(response), content=body, request=response.request)


def _streaming(response: Any, module: Any, stream: Any) -> Any:
    return module.Response(response.status_code, headers=response.headers, stream=stream, request=response.request)


def _headers(response: Any) -> list[tuple[str, str]]:
    return [pair for pair in response.headers.multi_items() if pair[0].lower() not in _LENGTHS]


class FetchedStream:
    """The events of an answer that is followed; its end waits for the money."""

    def __init__(self, response: Any, engine: LocalEngine) -> None:
        self._response = response
        self._engine = engine
        self._reader = ResponsesStream()

    def __iter__(self) -> Iterator[bytes]:
        posted = False
        for piece in pieces_of(self._response):
            yield self._reader.feed(piece)
            if self._reader.ended and not posted:
                posted = True
                self._engine.do(settle(self._engine.engine, self._reader.answered()))
        yield self._reader.rest()

    def close(self) -> None:
        self._response.close()


class AsyncFetchedStream:
    """As `FetchedStream`, for asynchronous clients."""

    def __init__(self, response: Any, engine: LocalEngine) -> None:
        self._response = response
        self._engine = engine
        self._reader = ResponsesStream()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        posted = False
        async for piece in pieces_of_async(self._response):
            yield self._reader.feed(piece)
            if self._reader.ended and not posted:
                posted = True
                await self._engine.do_async(settle(self._engine.engine, self._reader.answered()))
        yield self._reader.rest()

    async def aclose(self) -> None:
        await self._response.aclose()


_STREAMS = BodyKind("SyncByteStream", FetchedStream)
_ASYNC_STREAMS = BodyKind("AsyncByteStream", AsyncFetchedStream)
