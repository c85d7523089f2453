"""Requests that bill nothing: token counts and lists of models; and how such a request is passed on."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from farthing.accounts.attribution import heard_in
from farthing.call.arrival import Provider
from farthing.call.said import passed_on
from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, UpstreamFailed
from farthing.gateway.body import read_body
from farthing.gateway.forwarding import credential, forwarded
from farthing.gateway.gemini import count_body, counted_at, page_query
from farthing.gateway.identify import authenticate, caller_of, check_json
from farthing.gateway.reply import free, send_bytes, send_json
from farthing.gateway.routes import GEMINI, MESSAGES
from farthing.gateway.turn import Turn
from farthing.ports.upstream import Answer, Outbound

ANSWER_BYTES = 16 * 1024 * 1024
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


async def _pass(
    engine: Engine, provider: Provider, turn: Turn, method: str, path: str, body: bytes, *, query: str | None = None
) -> None:
    """One request to one provider, and its whole answer back. `query` None: the caller's own."""
    answer = await answer_of(engine, provider, turn, path, body, method=method, query=query)
    try:
        text = await answer.read_all(ANSWER_BYTES)
    except UpstreamFailed as failure:
        raise failed(provider, failure) from failure
    await hand_back(engine, turn, answer, text)


async def answer_of(
    engine: Engine,
    provider: Provider,
    turn: Turn,
    path: str,
    body: bytes = b"",
    *,
    method: str = "",
    query: str | None = None,
) -> Answer:
    """What a provider answers to a request like the caller's, of which no more was read than its head. `method` "" and
    `query` None: the caller's own. Raises BadRequest 502 where nothing came back."""
    head = turn.request
    own = () if provider.has_credential else credential(head.named, keyless=not engine.keys)
    set_here = {name for name, _ in provider.headers}
    query = head.constant.query.decode("latin-1") if query is None else query
    request = Outbound(
        origin=provider.origin,
        target=provider.base_path + path + (f"?{query}" if query else ""),
        method=method or head.constant.method,
        headers=(*provider.headers, *own, *[pair for pair in forwarded(head.headers) if pair[0] not in set_here]),
        body=body,
    )
    try:
        return await engine.upstream_of(provider.name).send(request)
    except UpstreamFailed as failure:
        raise failed(provider, failure) from failure


async def hand_back(engine: Engine, turn: Turn, answer: Answer, text: bytes) -> None:
    """The provider's whole answer, with our headers beside its own."""
    headers = [pair for pair in passed_on(answer.headers) if pair[0] != b"content-type"]
    kind = next((value for name, value in answer.headers if name == b"content-type"), b"application/json")
    await send_bytes(turn, answer.status, text, *free(engine), *headers, content_type=kind)


def failed(provider: Provider, failure: UpstreamFailed) -> BadRequest:
    """What the caller is told where a provider gave no answer."""
    return BadRequest(f"the provider {provider.name!r} gave no answer: {failure}", status=502, code="upstream_failed")
