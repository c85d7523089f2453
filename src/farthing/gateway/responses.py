"""Responses that were asked for earlier: fetched, followed, cancelled, deleted, and what was asked; and counts of input.

None of this is billed. But a background answer tells only here what it came to, so whichever of these requests shows its end
settles the call that asked for it, once: the ledger makes a second settlement of the same attempt a no-op.
"""

import asyncio
import re

from farthing.accounts.attribution import heard_in
from farthing.call.arrival import Caller, Provider
from farthing.call.said import passed_on
from farthing.config.engine import Engine
from farthing.config.settling import card_of, settlement_of_background
from farthing.domain.errors import BadRequest, UpstreamFailed
from farthing.domain.ids import call_of
from farthing.domain.record import AttemptOpening
from farthing.gateway.body import read_body
from farthing.gateway.identify import authenticate, caller_of, check_json
from farthing.gateway.relay import ANSWER_BYTES, answer_of, failed, hand_back
from farthing.gateway.reply import free
from farthing.gateway.routes import RESPONSES
from farthing.gateway.turn import Turn
from farthing.ports.upstream import Answer
from farthing.wire.dialect import Answered
from farthing.wire.openai.responses_stream import ResponsesStream

BELOW = "/v1/responses/"
COUNT = "/v1/responses/input_tokens"
_PATH = re.compile(r"/v1/responses/([A-Za-z0-9_-]{1,200})(/cancel|/input_items)?")
_OFFERED = frozenset((("GET", None), ("DELETE", None), ("POST", "/cancel"), ("GET", "/input_items")))
_STREAM = b"text/event-stream"
_THERE_IS = (
    "there are GET and DELETE /v1/responses/{id}, GET /v1/responses/{id}/input_items, POST /v1/responses/{id}/cancel and "
    "POST /v1/responses/input_tokens"
)


async def serve_stored(engine: Engine, turn: Turn) -> None:
    """Whatever lies below /v1/responses/.

    With keys, only answers that the same key paid for: to the provider, all our callers are one.
    """
    constant = turn.request.constant
    if (constant.method, constant.path) == ("POST", COUNT):
        await _count(engine, turn)
        return
    caller = _caller(engine, turn)
    found = _PATH.fullmatch(constant.path)
    if found is None or (constant.method, found[2]) not in _OFFERED:
        raise BadRequest(f"{constant.method} {constant.path} is not offered: {_THERE_IS}", status=404, code="not_found")
    response_id, action = found.groups()
    opening = await _opening(engine, caller, response_id)
    provider = _maker(engine, opening)
    settling = _Settling(engine, opening, caller.tenant)
    path = f"/responses/{response_id}"
    if action == "/cancel":
        await read_body(turn, engine.settings.gateway.body_bytes)  # it has none that would say anything
        await _whole(settling, provider, turn, f"{path}{action}", "")
    elif constant.method == "DELETE":
        await _ended_first(settling, provider, turn, path)
        await _whole(settling, provider, turn, path, "")
    else:
        await _whole(settling, provider, turn, path + (action or ""), None)


class _Settling:
    """What becomes of the call that waits for an answer, once the answer is seen."""

    def __init__(self, engine: Engine, opening: AttemptOpening | None, tenant: str) -> None:
        self.engine = engine
        self.opening = opening
        """The attempt that waits for it; None where none does."""
        self._tenant = tenant

    def saw(self, answered: Answered) -> None:
        """Post a finished answer."""
        if self.opening is None or answered.usage is None or answered.pending:
            return
        settlement = settlement_of_background(
            self.opening.id,
            answered,
            card_of(self.engine, self.opening),
            tenant=self._tenant,
            now_ms=self.engine.now_ms(),
        )
        if settlement is not None:
            self.engine.ledger.settle(settlement)


async def _whole(settling: _Settling, provider: Provider, turn: Turn, path: str, query: str | None) -> None:
    """One request, and its answer back: whole, or event by event where it is followed. `query` None: the caller's own."""
    engine = settling.engine
    answer = await answer_of(engine, provider, turn, path, query=query)
    if answer.status == 200 and _streams(answer):
        await _follow(settling, answer, turn)
        return
    text = await _text(answer, provider)
    if answer.status == 200:
        settling.saw(RESPONSES.answered(text))
    await hand_back(engine, turn, answer, text)


async def _follow(settling: _Settling, answer: Answer, turn: Turn) -> None:
    """Pass events on as they arrive, until the one that ends the response. A client that leaves may fetch it again."""
    turn.when_gone(answer.abort)
    stream = ResponsesStream()
    try:
        await turn.head(answer.status, [*free(settling.engine), *passed_on(answer.headers)])
        while not stream.ended and (piece := await answer.read()) and not stream.broken:
            await turn.body(stream.feed(piece))
    except UpstreamFailed as failure:
        await _break_off(turn, stream.rest(), f"the provider's answer broke off: {failure}")
        return
    finally:
        answer.abort()
    if stream.broken:
        await _break_off(turn, stream.rest(), stream.broken)
        return
    if stream.ended:
        settling.saw(stream.answered())
    await turn.end(
        stream.rest()
    )  # also where the provider ended without an event that says so, as it may after a cancel


async def _break_off(turn: Turn, rest: bytes, why: str) -> None:
    message = f"{why}; what the response came to is settled when it is fetched"
    await turn.body(rest + RESPONSES.stream_error(message=message, code="upstream_broken"))
    await turn.cut()


async def _ended_first(settling: _Settling, provider: Provider, turn: Turn, path: str) -> None:
    """Before an answer goes that a call still waits for, what it came to is posted: nobody could ask for it later.

    Raises BadRequest 409 where the provider does not say yet.
    """
    if settling.opening is None:
        return
    answer = await answer_of(settling.engine, provider, turn, path, method="GET", query="")
    text = await _text(answer, provider)
    if answer.status == 404:
        return
    answered = RESPONSES.answered(text)
    if answer.status != 200 or answered.pending:
        raise BadRequest(
            "this response is still being made, and what it costs is known only at its end: it was not deleted. "
            "Cancel it, or fetch it until it has ended, and delete it then",
            status=409,
            code="response_pending",
        )
    settling.saw(answered)


async def _count(engine: Engine, turn: Turn) -> None:
    """OpenAI's free count: the body is read like a call's, and goes to the provider that its model would go to."""
    caller = _caller(engine, turn)
    check_json(turn.request.named)
    draft = RESPONSES.read(await read_body(turn, engine.settings.gateway.body_bytes))
    if draft.asked.previous:
        await _opening(engine, caller, draft.asked.previous)
    provider, model = engine.rules.route(RESPONSES.format, draft.asked.model)
    body = draft.outbound(model=model, cap=None)
    answer = await answer_of(engine, provider, turn, "/responses/input_tokens", body)
    await hand_back(engine, turn, answer, await _text(answer, provider))


def _caller(engine: Engine, turn: Turn) -> Caller:
    key = authenticate(turn.request.named, engine.keys, turn.peer)
    return caller_of(key, heard_in(turn.request.headers), ())


async def _opening(engine: Engine, caller: Caller, id: str) -> AttemptOpening | None:
    """The attempt that waits for this answer; None where none does. Raises BadRequest 404 where a key did not ask for it."""
    await engine.ledger.flush()  # what was asked for a moment ago is found, too
    pending = await asyncio.to_thread(engine.records.pending_response, caller.tenant, id)
    if pending is None:
        if engine.keys and await asyncio.to_thread(engine.records.context_of, caller.tenant, id) is None:
            raise BadRequest("no response of this key has this id", field="path", status=404, code="not_found")
        return None
    record = await asyncio.to_thread(engine.records.call, call_of(pending))
    every = record.attempts if record is not None else ()
    return next((each.opening for each in every if each.opening.id == pending), None)


def _maker(engine: Engine, opening: AttemptOpening | None) -> Provider:
    """The provider that made an answer, where we know; else the first that could have."""
    speaking = [provider for provider in engine.rules.providers if provider.format == RESPONSES.format]
    if not speaking:
        raise BadRequest("no provider of format 'openai' is configured", status=404, code="not_found")
    return next((each for each in speaking if opening is not None and each.name == opening.provider), speaking[0])


def _streams(answer: Answer) -> bool:
    return any(name == b"content-type" and value.startswith(_STREAM) for name, value in answer.headers)


async def _text(answer: Answer, provider: Provider) -> bytes:
    try:
        return await answer.read_all(ANSWER_BYTES)
    except UpstreamFailed as failure:
        raise failed(provider, failure) from failure
