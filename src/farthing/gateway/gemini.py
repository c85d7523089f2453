"""Gemini's addresses: which are calls, which are free, and which are refused by name. The model stands in the path."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl

from farthing.domain.errors import BadRequest
from farthing.gateway.routes import Route
from farthing.wire.fields import as_mapping
from farthing.wire.gemini.generate import GenerateDialect
from farthing.wire.strict import Body, read_object, write

_ADDRESS = re.compile(
    r"(?P<version>/v1(?:beta)?)/models/"
    r"(?P<model>(?!\.)[A-Za-z0-9_.@~-]{1,200}(?:/(?!\.)[A-Za-z0-9_.@~-]{1,200}){0,3}):(?P<verb>[A-Za-z]{1,64})"
)
"""Names may have slashes in them, but no segment begins with a point."""
_STREAM = "streamGenerateContent"
COUNT = "countTokens"
_NOT_OFFERED = {
    "embedContent": "its answer does not say what it used",
    "batchEmbedContents": "its answer does not say what it used",
}
_INSTEAD = "; embed through /v1/embeddings, with Gemini's own `/v1beta/openai` as a provider of format 'openai'"
_PAGES = frozenset({"pageSize", "pageToken"})
_REMEMBERED = 4_096


def call_at(path: str, query: bytes) -> Route | None:
    """The call at this address; None where it is no Gemini address or not one of a call. Raises BadRequest: 404 for what
    is not offered, 400 for a query that could change what is answered or billed."""
    found = _ADDRESS.fullmatch(path)
    if found is None or found["verb"] == COUNT:
        return None
    if found["verb"] not in {"generateContent", _STREAM}:
        raise _refused(found["verb"])
    route = _route(path)
    if route.query != "alt=sse":
        check_query(query, {"alt": "json"})
    elif dict(check_query(query, {"alt": "sse"})).get("alt") != "sse":
        raise BadRequest(
            "streams are offered as server-sent events only: add `?alt=sse` to the address, as Google's own clients do",
            field="alt",
        )
    return route


def counted_at(path: str, query: bytes) -> re.Match[str] | None:
    """The address of a token count, taken apart; None where it is none. Raises BadRequest for a query."""
    found = _ADDRESS.fullmatch(path)
    if found is None or found["verb"] != COUNT:
        return None
    check_query(query, {"alt": "json"})
    return found


def count_body(body: bytes, asked: str, model: str) -> bytes:
    """The body of a count for this model, as the caller wrote it. Raises BadRequest where it is none, or names a model
    other than its address does."""
    read: Body = read_object(body)
    whole = read.value.get("generateContentRequest") or read.value.get("generate_content_request")
    if whole is None:
        return read.encode()
    inner = as_mapping(whole, "generateContentRequest")
    named = inner.get("model")
    if named is not None and str(named).removeprefix("models/") != asked:
        raise BadRequest(f"generateContentRequest.model must be `models/{asked}`, as in the address.", field="model")
    return write({"generateContentRequest": {**inner, "model": f"models/{model}"}})


def check_query(query: bytes, allowed: dict[str, str] | frozenset[str]) -> list[tuple[str, str]]:
    """The parameters of a query, if they are all allowed, with the values allowed. A key in an address would be written to
    every log on the way; `fields` would leave the usage out of an answer. Raises BadRequest 400 that never repeats a value."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    for name, value in pairs:
        if name == "key":
            raise BadRequest(
                "a key in the address is not accepted, since addresses are written to logs; send it in the header "
                "`x-goog-api-key`, and consider this one known",
                field="key",
            )
        if name not in allowed or (isinstance(allowed, dict) and allowed[name] != value):
            raise BadRequest(f"the parameter {name[:64]!r} is not accepted in this address", field=name[:64])
    return pairs


def page_query(query: bytes) -> str:
    """The query of a list of models, as it goes on."""
    check_query(query, _PAGES)
    return query.decode("latin-1")


@lru_cache(_REMEMBERED)
def _route(path: str) -> Route:
    found = _ADDRESS.fullmatch(path)
    assert found is not None
    streams = found["verb"] == _STREAM
    return Route(
        GenerateDialect(found["model"], stream=streams),
        f"{found['version']}/models/{{model}}:{found['verb']}",
        "alt=sse" if streams else "",
    )


def _refused(verb: str) -> BadRequest:
    why = _NOT_OFFERED.get(verb)
    message = f"`:{verb}` is not offered" + (
        f": {why}{_INSTEAD}" if why else ": what Farthing does not govern it does not pass on"
    )
    return BadRequest(message, status=404, code="not_found")
