"""Requests that bill nothing: token counts, lists of models, and fetching an answer that was paid for before."""

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import quote

from farthing.accounts.attribution import heard_in
from farthing.call.arrival import Provider
from farthing.call.said import passed_on
from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, UpstreamFailed
from farthing.domain.ids import call_of
from farthing.domain.record import AttemptOpening
from farthing.gateway.body import read_body
from farthing.gateway.forwarding import credential, forwarded
from farthing.gateway.gemini import count_body, counted_at, page_query
from farthing.gateway.identify import authenticate, caller_of, check_json
from farthing.gateway.reply import free, send_bytes, send_json
from farthing.gateway.routes import GEMINI, MESSAGES, RESPONSES
from farthing.gateway.settling import card_of, settlement_of_background
from farthing.gateway.turn import Turn
from farthing.ports.upstream import Outbound

ANSWER_BYTES = 16 * 1024 * 1024
_RESPONSE = re.compile(r"/v1/responses/([A-Za-z0-9_-]{1,200})")
_MODEL = re.compile(r"/v1(?:beta)?/models(?:/(?!\.)[A-Za-z0-9_.:@~-]{1,200}){0,4}")
"""The list, or one model; names may have slashes in them, but no segment begins with a point."""


async def count_tokens(engine: Engine, turn: Turn) -> None:
    """Anthropic's free count: the body is parsed like any other, and goes to the provider its model would go to."""
    named = turn.request.named
    key = authenticate(named, engine.keys, turn.peer)
    check_json(named)
    body = await read_body(turn, engine.settings.gateway.body_bytes)
    draft = MESSAGES.read(body)
    caller_of(key, heard_in(turn.request.headers), ())  # a key's required labels hold here, too
    provider, model = engine.rules.route(MESSAGES.format, draft.asked.model)
    await _pass(engine, provider, turn, "POST", "/v1/messages/count_tokens", draft.count_body(model=model))


async def count_gemini_tokens(engine: Engine, turn: Turn) -> None:
    """Gemini's free count, for the model in the path."""
    named, constant = turn.request.named, turn.request.constant
    key = authenticate(named, engine.keys, turn.peer)
    check_json(named)
    found = counted_at(constant.path, constant.query)
    if found is None:
        raise BadRequest("only /v1beta/models/{id}:countTokens counts tokens", status=404, code="not_found")
    body = await read_body(turn, engine.settings.gateway.body_bytes)
    caller_of(key, heard_in(turn.request.headers), ())
    provider, model = engine.rules.route(GEMINI.format, found["model"])
    path = f"{found['version']}/models/{quote(model, safe='/@~')}:countTokens"
    await _pass(engine, provider, turn, "POST", path, count_body(body, found["model"], model), query="")


async def models(engine: Engine, turn: Turn) -> None:
    """The models of the first provider that speaks the caller's dialect: Anthropic's and Google's clients say so with
    their headers, and only Gemini has a /v1beta."""
    named = turn.request.named
    authenticate(named, engine.keys, turn.peer)
    path = turn.request.constant.path
    if _MODEL.fullmatch(path) is None:
        raise BadRequest("only /v1/models and /v1/models/{id} are offered", status=404, code="not_found")
    wanted = _maker_of(path, named)
    query = page_query(turn.request.constant.query) if wanted == "gemini" else None
    speaking = [provider for provider in engine.rules.providers if provider.format == wanted]
    if not speaking:
        none = {"models": []} if wanted == "gemini" else {"object": "list", "data": []}
        await send_json(turn, 200, none, *free(engine))
        return
    below = path.removeprefix("/v1") if wanted == "openai" else path
    await _pass(engine, speaking[0], turn, "GET", below, b"", query=query)


def _maker_of(path: str, named: Mapping[bytes, bytes]) -> str:
    if path.startswith("/v1beta/") or b"x-goog-api-key" in named or b"x-goog-api-client" in named:
        return "gemini"
    return "anthropic" if b"anthropic-version" in named else "openai"


async def fetch_response(engine: Engine, turn: Turn) -> None:
    """An answer made earlier. Fetching bills nothing; a background answer of ours is settled here, once.

    With keys, only answers that the same key paid for: to the provider, all our callers are one.
    """
    key = authenticate(turn.request.named, engine.keys, turn.peer)
    tenant = caller_of(key, heard_in(turn.request.headers), ()).tenant
    found = _RESPONSE.fullmatch(turn.request.constant.path)
    if found is None:
        raise BadRequest("only /v1/responses/{id} can be fetched", status=404, code="not_found")
    response_id = found[1]
    pending = await asyncio.to_thread(engine.records.pending_response, tenant, response_id)
    if pending is None and key is not None:
        known = await asyncio.to_thread(engine.records.context_of, tenant, response_id)
        if known is None:
            raise BadRequest("no response of this key has this id", field="path", status=404, code="not_found")
    opening = None if pending is None else await _opening(engine, pending)
    provider = _maker(engine, opening)
    body = await _pass(engine, provider, turn, "GET", f"/responses/{response_id}", b"")
    if opening is not None and body is not None:
        _settle(engine, opening, body, tenant)


async def _opening(engine: Engine, attempt: int) -> AttemptOpening | None:
    record = await asyncio.to_thread(engine.records.call, call_of(attempt))
    every = record.attempts if record is not None else ()
    return next((each.opening for each in every if each.opening.id == attempt), None)


def _maker(engine: Engine, opening: AttemptOpening | None) -> Provider:
    """The provider that made an answer, where we know; else the first that could have."""
    speaking = [provider for provider in engine.rules.providers if provider.format == RESPONSES.format]
    if not speaking:
        raise BadRequest("no provider of format 'openai' is configured", status=404, code="not_found")
    return next((each for each in speaking if opening is not None and each.name == opening.provider), speaking[0])


def _settle(engine: Engine, opening: AttemptOpening, body: bytes, tenant: str) -> None:
    """Post a finished background answer. The ledger makes a second settlement of the same attempt a no-op."""
    answered = RESPONSES.answered(body)
    if answered.usage is None or answered.pending:
        return
    settlement = settlement_of_background(
        opening.id, answered, card_of(engine, opening), tenant=tenant, now_ms=engine.now_ms()
    )
    if settlement is not None:
        engine.ledger.settle(settlement)


async def _pass(
    engine: Engine, provider: Provider, turn: Turn, method: str, path: str, body: bytes, *, query: str | None = None
) -> bytes | None:
    """One request to one provider and its whole answer back. Returns the body of a 200. `query` None: the caller's own."""
    head = turn.request
    own = () if provider.has_credential else credential(head.named, keyless=not engine.keys)
    set_here = {name for name, _ in provider.headers}
    query = head.constant.query.decode("latin-1") if query is None else query
    request = Outbound(
        origin=provider.origin,
        target=provider.base_path + path + (f"?{query}" if query else ""),
        method=method,
        headers=(*provider.headers, *own, *[pair for pair in forwarded(head.headers) if pair[0] not in set_here]),
        body=body,
    )
    try:
        answer = await engine.upstream_of(provider.name).send(request)
        text = await answer.read_all(ANSWER_BYTES)
    except UpstreamFailed as failure:
        raise BadRequest(
            f"the provider {provider.name!r} gave no answer: {failure}", status=502, code="upstream_failed"
        ) from failure
    headers = [pair for pair in passed_on(answer.headers) if pair[0] != b"content-type"]
    kind = next((value for name, value in answer.headers if name == b"content-type"), b"application/json")
    await send_bytes(turn, answer.status, text, *free(engine), *headers, content_type=kind)
    return text if answer.status == 200 else None
