"""Gates over HTTP: the provider's models that broke the cap on the wire, and letting them be called again."""

import asyncio
from datetime import datetime

import msgspec

from farthing.domain.ids import call_of, show
from farthing.gateway.admin.endpoint import Asked, Endpoint, missing
from farthing.gateway.admin.shown import at
from farthing.ports.directory import Gate


class GateView(msgspec.Struct, frozen=True, kw_only=True):
    """One closed gate: refused under hard budgets."""

    name: str
    """`provider/model`."""
    call: str
    """The call whose cap was broken."""
    closed_at: datetime
    detail: str


class GateList(msgspec.Struct, frozen=True):
    """All gates that are closed now."""

    gates: tuple[GateView, ...]


async def list_gates(asked: Asked) -> GateList:
    await asked.engine.ledger.flush()
    stored = await asyncio.to_thread(asked.engine.directory.load)
    return GateList(tuple(map(_view, stored.gates)))


async def acknowledge(asked: Asked) -> GateView:
    """Raises BadRequest 404 where no gate of that name is closed."""
    engine, name = asked.engine, asked.named["gate"]
    await engine.ledger.flush()
    stored = await asyncio.to_thread(engine.directory.load)
    found = next((gate for gate in stored.gates if gate.name == name), None)
    if found is None:
        raise missing("closed gate", name)
    await asyncio.to_thread(engine.directory.acknowledge, name, asked.by)
    await engine.take_up()
    return _view(found)


def _view(gate: Gate) -> GateView:
    return GateView(
        name=gate.name, call=show("call", call_of(gate.attempt)), closed_at=at(gate.at_ms), detail=gate.detail
    )


ENDPOINTS = (
    Endpoint(
        method="GET", path="/gates", summary="Models that broke their output cap", answer=list_gates, gives=GateList
    ),
    Endpoint(
        method="POST",
        path="/gates/{gate*}/acknowledge",
        summary="Let provider/model be called again under hard budgets",
        answer=acknowledge,
        gives=GateView,
    ),
)
