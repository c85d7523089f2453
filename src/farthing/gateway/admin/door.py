"""The door of the admin side: who may enter, which endpoint is meant, and its answer as JSON."""

from functools import cache
from typing import Any

import msgspec

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest
from farthing.domain.refusal import Refusal
from farthing.gateway.admin import (
    alerts,
    approvals,
    audit,
    billing,
    budgets,
    calls,
    gates,
    keys,
    long_reports,
    outcomes,
    prices,
    reports,
    run_beats,
    run_budgets,
    runs,
    suspensions,
    tool_uses,
)
from farthing.gateway.admin.access import RIGHT, admitted, still_admitted
from farthing.gateway.admin.endpoint import Asked, Endpoint
from farthing.gateway.admin.entrance import HERE, Entrance
from farthing.gateway.admin.openapi import describe
from farthing.gateway.admin.reading import body_of, no_query, query_of
from farthing.gateway.body import read_body
from farthing.gateway.identify import check_json
from farthing.gateway.reply import FINAL, send_bytes, send_json
from farthing.gateway.routes import dialect_of
from farthing.gateway.turn import Turn

ENDPOINTS: tuple[Endpoint, ...] = (
    *keys.ENDPOINTS,
    *budgets.ENDPOINTS,
    *calls.ENDPOINTS,
    *gates.ENDPOINTS,
    *alerts.ENDPOINTS,
    *approvals.ENDPOINTS,
    *runs.ENDPOINTS,
    *run_beats.ENDPOINTS,
    *run_budgets.ENDPOINTS,
    *tool_uses.ENDPOINTS,
    *suspensions.ENDPOINTS,
    *reports.ENDPOINTS,
    *audit.ENDPOINTS,
    *long_reports.ENDPOINTS,
    *outcomes.ENDPOINTS,
    *prices.ENDPOINTS,
    *billing.ENDPOINTS,
)
DESCRIPTION = "/farthing/openapi.json"
_PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


async def serve_admin(engine: Engine, turn: Turn, entrance: Entrance = HERE) -> None:
    """Raises BadRequest for whatever is refused; then nothing has changed. A change is in force when it is answered."""
    constant = turn.request.constant
    path = constant.raw_path.decode("latin-1")
    maker = admitted(turn.request.named, engine.keys, turn.peer, right_for(constant.method, path), entrance)
    if path == DESCRIPTION and constant.method == "GET":
        await send_bytes(turn, 200, description(), *_PRIVATE)
        return
    endpoint, named = find(constant.method, path)
    query = _query(endpoint, constant.query)
    body = await _body(endpoint, turn)
    still_admitted(maker, engine.keys)
    asked = Asked(engine=engine, maker=maker, named=named, query=query, body=body, client=turn)
    found = await endpoint.answer(asked)
    if isinstance(found, Refusal):  # of money: in the words and numbers of a refused call
        await send_bytes(turn, found.status, dialect_of(path).refusal(found), FINAL, *_PRIVATE)
        return
    await send_json(turn, endpoint.status, found, *_PRIVATE)


def right_for(method: str, path: str) -> str:
    """What a key needs for this request; where there is nothing, only administrators are told so."""
    meant = (each.right for each in ENDPOINTS if each.method == method and each.match(path) is not None)
    return next(meant, RIGHT)


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint of a request. Raises BadRequest 404, or 405 where the path is offered with other methods."""
    others = []
    for endpoint in ENDPOINTS:
        named = endpoint.match(path)
        if named is not None and endpoint.method == method:
            return endpoint, named
        if named is not None:
            others.append(endpoint.method)
    if others:
        raise BadRequest(f"this path takes {', '.join(others)}", status=405, code="method_not_allowed")
    raise BadRequest(f"there is nothing here; {DESCRIPTION} describes what there is", status=404, code="not_found")


@cache
def description() -> bytes:
    """The OpenAPI document."""
    return msgspec.json.encode(describe(ENDPOINTS))


def _query(endpoint: Endpoint, raw: bytes) -> Any:
    if endpoint.query is None:
        no_query(raw)
        return None
    return query_of(raw, endpoint.query)


async def _body(endpoint: Endpoint, turn: Turn) -> Any:
    if endpoint.takes is None:
        return None
    check_json(turn.request.named)
    return body_of(await read_body(turn, endpoint.body_bytes), endpoint.takes, endpoint.body_bytes)
