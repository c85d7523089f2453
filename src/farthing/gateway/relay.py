"""Requests that bill nothing: token counts, lists of models, and fetching an answer that was paid for before."""

from farthing.call.arrival import Arrival, Provider
from farthing.call.said import passed_on
from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, UpstreamFailed
from farthing.domain.hold import Settlement, Spent
from farthing.domain.usage import Usage
from farthing.gateway.body import read_body
from farthing.gateway.calls import credential, forwarded
from farthing.gateway.client import HttpClient, Receive, Scope
from farthing.gateway.identify import authenticate, caller_of, check_json
from farthing.gateway.reply import send_bytes, send_json
from farthing.gateway.routes import MESSAGES, RESPONSES
from farthing.ports.upstream import Outbound
from farthing.pricing.cost import cost
from farthing.domain.price import Cost, Unpriced

ANSWER_BYTES = 16 * 1024 * 1024


async def count_tokens(engine: Engine, scope: Scope, receive: Receive, client: HttpClient) -> None:
    """Anthropic's free count: the body is parsed like any other, and goes to the provider its model would go to."""
    headers = dict(scope["headers"])
    key = authenticate(headers, engine.keys, _peer(scope))
    check_json(headers)
    body = await read_body(receive, headers, engine.settings.gateway.body_bytes)
    draft = MESSAGES.read(body)
    arrival = Arrival(
        id=0,
        arrived_ms=engine.now_ms(),
        dialect=MESSAGES,
        draft=draft,
        caller=caller_of(key, scope["headers"], ()),
        path="/v1/messages/count_tokens",
    )
    provider, model = engine.rules.route(arrival)
    await _pass(engine, provider, scope, client, "POST", "/v1/messages/count_tokens", draft.count_body(model=model))


async def models(engine: Engine, scope: Scope, client: HttpClient) -> None:
    """The models of the first provider that speaks the caller's dialect: Anthropic's clients say so with a header."""
    headers = dict(scope["headers"])
    authenticate(headers, engine.keys, _peer(scope))
    wanted = "anthropic" if b"anthropic-version" in headers else "openai"
    speaking = [provider for provider in engine.rules.providers if provider.format == wanted]
    if not speaking:
        await send_json(client, 200, {"object": "list", "data": []})
        return
    path = scope["path"] if wanted == "anthropic" else scope["path"].removeprefix("/v1")
    await _pass(engine, speaking[0], scope, client, "GET", path, b"")


async def fetch_response(engine: Engine, scope: Scope, client: HttpClient) -> None:
    """An answer made earlier. Fetching bills nothing; a background answer of ours is settled here, once."""
    headers = dict(scope["headers"])
    key = authenticate(headers, engine.keys, _peer(scope))
    caller = caller_of(key, scope["headers"], ())
    response_id = scope["path"].removeprefix("/v1/responses/")
    if not response_id or "/" in response_id:
        raise BadRequest("only /v1/responses/{id} can be fetched", status=404, code="not_found")
    attempt = engine.records.pending_response(caller.tenant, response_id)
    provider = next((p for p in engine.rules.providers if p.format == "openai"), None)
    if provider is None:
        raise BadRequest("no provider of format 'openai' is configured", status=404, code="not_found")
    body = await _pass(engine, provider, scope, client, "GET", f"/responses/{response_id}", b"")
    if attempt is not None and body is not None:
        _settle_background(engine, attempt, body)


def _settle_background(engine: Engine, attempt: int, body: bytes) -> None:
    """Post a finished background answer. The ledger makes a second settlement of the same attempt a no-op."""
    answered = RESPONSES.answered(body)
    if answered.usage is None or answered.pending:
        return
    card = engine.rules.book.find(answered.model, "openai", "openai", at_ms=engine.now_ms())
    priced = card if isinstance(card, Unpriced) else cost(card, answered.usage, answered.tier)
    engine.ledger.settle(_settlement(attempt, answered.usage, priced, answered.id, engine.now_ms()))


def _settlement(attempt: int, usage: Usage, priced: Cost | Unpriced, response_id: str, now_ms: int) -> Settlement:
    known = priced if isinstance(priced, Cost) else None
    return Settlement(
        attempt=attempt,
        spent=Spent(
            picos=known.picos if known else 0, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens
        ),
        usage=usage,
        cost_nanos=known.nanos if known else None,
        remainder_picos=known.remainder_picos if known else 0,
        response_id=response_id,
        flags=("background",),
        settled_ms=now_ms,
    )


async def _pass(
    engine: Engine, provider: Provider, scope: Scope, client: HttpClient, method: str, path: str, body: bytes
) -> bytes | None:
    """One request to one provider and its whole answer back. Returns the body of a 200."""
    raw = scope["headers"]
    own = () if provider.has_credential else credential(dict(raw), keyless=not engine.keys)
    query = scope["query_string"].decode("latin-1")
    request = Outbound(
        origin=provider.origin,
        target=provider.base_path + path + (f"?{query}" if query else ""),
        method=method,
        headers=(*provider.headers, *own, *forwarded(raw)),
        body=body,
    )
    try:
        answer = await engine.upstream_of(provider.name).send(request)
        text = await answer.read_all(ANSWER_BYTES)
    except UpstreamFailed as failure:
        raise BadRequest(f"the provider {provider.name!r} gave no answer: {failure}", status=502, code="upstream_failed") from failure
    headers = [pair for pair in passed_on(answer.headers) if pair[0] != b"content-type"]
    kind = next((value for name, value in answer.headers if name == b"content-type"), b"application/json")
    await send_bytes(client, answer.status, text, *headers, content_type=kind)
    return text if answer.status == 200 else None


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope["client"] else ""
