"""Stored responses over HTTP: fetched, followed from any event on, cancelled, deleted, and what was asked; and counts of input."""

import asyncio
from urllib.parse import parse_qs

import msgspec

from farthing.testing.connection import Connection
from farthing.testing.delivery import Tab
from farthing.testing.errors import Rejected
from farthing.testing.exchange import FAULT_HEADER, Exchange
from farthing.testing.responses import Kept

BELOW = "/v1/responses/"
_LOOK_SECONDS = 0.005
"""How often a follower looks at the provider's clock."""


async def stored(exchange: Exchange, method: str, rest: str) -> None:
    """What lies below `/v1/responses/`. Raises Rejected."""
    if (method, rest) == ("POST", "input_tokens"):
        await _count(exchange)
        return
    exchange.authorize()
    name, _, action = rest.partition("/")
    kept = exchange.simulation.responses.kept.get(name)
    if kept is None:
        raise Rejected(f"Response with id '{name}' not found.", status=404)
    match method, action:
        case "GET", "":
            await _fetch(exchange, name, kept)
        case "GET", "input_items":
            await exchange.reply(_listed(kept))
        case "DELETE", "":
            exchange.simulation.responses.kept.pop(name)
            await exchange.reply({"id": name, "object": "response", "deleted": True})
        case "POST", "cancel":
            _cancel(exchange, name, kept)
            await _reply(exchange, name)
        case _:
            raise exchange.not_found(f"Invalid URL ({method} {BELOW}{rest})")


async def _reply(exchange: Exchange, name: str) -> None:
    body = exchange.simulation.responses.fetch(name, exchange.simulation.clock())
    assert body is not None, "it was here a moment ago"
    await exchange.reply(body)


async def _fetch(exchange: Exchange, name: str, kept: Kept) -> None:
    asked = parse_qs(exchange.connection.query)
    if asked.get("stream") == ["true"]:
        await _follow(exchange, name, kept, int(asked.get("starting_after", ["-1"])[0]))
    else:
        await _reply(exchange, name)


async def _follow(exchange: Exchange, name: str, kept: Kept, after: int) -> None:
    """Every event with a larger number than `after`; the last one when the answer is done, or never where a fault resets it."""
    simulation, connection = exchange.simulation, exchange.connection
    await connection.start(200, [*exchange.headers, (b"content-type", b"text/event-stream; charset=utf-8")])
    breaks = "reset" in connection.headers.get(FAULT_HEADER, "")
    for event in simulation.responses.events(kept.answer):
        if event.final and breaks:
            await connection.reset()
            return
        if event.final and not await _done(exchange, name, kept):
            return
        if int((event.data or {})["sequence_number"]) > after:
            await connection.write(event.encoded())
    await connection.end()


async def _done(exchange: Exchange, name: str, kept: Kept) -> bool:
    """Wait until the answer is done. False where its follower left first, or it was cancelled: such a stream just ends."""
    simulation, connection = exchange.simulation, exchange.connection
    while simulation.clock() < kept.ready_ms:
        await asyncio.sleep(_LOOK_SECONDS)
        if connection.gone or simulation.responses.is_cancelled(name):
            await _end(connection)
            return False
    return True


async def _end(connection: Connection) -> None:
    if not connection.gone:
        await connection.end()


def _cancel(exchange: Exchange, name: str, kept: Kept) -> None:
    """Stop a background answer. What it wrote until now is billed; whether the answer says so is a setting."""
    simulation = exchange.simulation
    if not kept.answer.ask.background:
        raise Rejected("Cannot cancel a synchronous response.")
    now_ms = simulation.clock()
    if kept.cancelled or now_ms >= kept.ready_ms:
        return
    if not simulation.settings.cancelled_usage:
        simulation.responses.cancel(name)
        return
    whole = kept.answer.usage.output_tokens
    left_ms = min(kept.ready_ms - now_ms, simulation.settings.background_ms)
    made = whole - whole * left_ms // simulation.settings.background_ms
    entry = next(each for each in simulation.bill if each.response_id == name)
    Tab(simulation.bill, entry.number, kept.answer, charges=True).settle(made, "cancelled", 200)
    simulation.responses.cancel(name, made)


def _listed(kept: Kept) -> dict[str, object]:
    """What was asked: every item, the newest first."""
    items = [{"id": f"item_{at}", **item} for at, item in enumerate(kept.asked)][::-1]
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    return {"object": "list", "data": items, "first_id": first, "last_id": last, "has_more": False}


async def _count(exchange: Exchange) -> None:
    form = exchange.simulation.responses
    body = await exchange.read(form)
    ask = form.read(body)
    exchange.check_model(ask.prompt.model)
    await exchange.reply(msgspec.json.encode({"object": "response.input_tokens", "input_tokens": ask.input_tokens}))
