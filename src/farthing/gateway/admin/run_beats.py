"""Heartbeats of many runs at once, for the SDK: one request says that a program lives, whatever number of runs it has."""

import asyncio
from typing import Annotated

import msgspec

from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest
from farthing.gateway.admin.endpoint import Asked, Endpoint
from farthing.gateway.admin.runs import Seconds, in_ms
from farthing.ports.guards import KnownRun

MOST = 200
"""Runs in one request."""


class Beats(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The owner of these runs lives."""

    runs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MOST)]
    heartbeat_seconds: Seconds | None = None
    """The promise from now on; by default as before."""


class Beaten(msgspec.Struct, frozen=True):
    """What came of it."""

    alive: tuple[str, ...]
    over: tuple[str, ...]
    """Ended, never announced, or another key's: there is no use in beating for these."""


async def beat_runs(asked: Asked) -> Beaten:
    """Those that cannot beat hold up no other."""
    engine, wanted = asked.engine, asked.body
    names = tuple(dict.fromkeys(wanted.runs))
    found = await asyncio.to_thread(_beaten, asked, names, in_ms(wanted.heartbeat_seconds))
    if engine.guards is None:
        await engine.take_up()
    _learn(engine, found)
    alive = tuple(run.name for run in found if run.ended_ms is None)
    return Beaten(alive, tuple(name for name in names if name not in set(alive)))


def _beaten(asked: Asked, names: tuple[str, ...], every_ms: int | None) -> list[KnownRun]:
    """Blocking. Raises LedgerUnavailable."""
    guards, found = asked.engine.store.guards, []
    for name in names:
        try:
            found.append(guards.beat(name, by=asked.key_name, admin=asked.is_admin, beat_every_ms=every_ms))
        except BadRequest:
            continue
    return found


def _learn(engine: Engine, found: list[KnownRun]) -> None:
    if engine.guards is not None:
        for run in found:
            engine.guards.runs.learn(run)


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/runs/heartbeats",
        summary="Say that the owner of many runs lives",
        answer=beat_runs,
        takes=Beats,
        gives=Beaten,
        right="call",
    ),
)
