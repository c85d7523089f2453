"""One call over HTTP: read it, know who asks, and hand it to the life of a call."""

import msgspec

from farthing.call.arrival import Arrival
from farthing.call.drive import drive
from farthing.call.entering import enter, entering, release
from farthing.call.states import NeedsFunds
from farthing.config.auditing import under_pseudonyms
from farthing.config.engine import Engine
from farthing.gateway import idempotency
from farthing.gateway.asker import asker_of, heard_of
from farthing.gateway.body import read_body, take_body
from farthing.gateway.client import PatientClient
from farthing.gateway.identify import caller_of
from farthing.gateway.once import Once
from farthing.gateway.routes import Route
from farthing.gateway.turn import Turn
from farthing.gateway.watching import WatchingClient
from farthing.wire.strict import write


async def serve_call(engine: Engine, once: Once, route: Route, turn: Turn) -> None:
    """Raises BadRequest for what cannot be accepted, before anything is held or sent."""
    arrived_ms = engine.now_ms()
    head = turn.request
    asker = asker_of(head, engine.keys, turn.peer)
    limit = engine.settings.gateway.body_bytes
    body = take_body(turn, limit) if turn.all_here else await read_body(turn, limit)
    draft = route.dialect.read(body)
    caller = caller_of(asker.key, heard_of(asker, head), draft.asked.attribution)
    if hidden := engine.settings.audit.pseudonymous:
        labels = under_pseudonyms(caller.labels, hidden, engine.skeleton_key)
        caller = msgspec.structs.replace(caller, labels=labels)
    arrival = Arrival(
        id=engine.mint(arrived_ms),
        arrived_ms=arrived_ms,
        dialect=route.dialect,
        draft=draft,
        caller=caller,
        path=route.path,
        query=asker.query if route.query is None else route.query,
        headers=asker.forwarded,
        credential=asker.credential,
        patience_ms=asker.patience_ms,
        code_for_codex=asker.code_for_codex,
        skeleton=write(draft.skeleton(engine.skeleton_key)),
    )
    keeper = engine.texts.keeper
    if keeper is None or not keeper.rules.wants(arrival.caller.labels):
        if idempotency.HEADER in head.named:
            await _drive(engine, once, arrival, body, turn, turn)
            return
        state = entering(arrival, engine.rules, engine)
        await drive(state if isinstance(state, NeedsFunds) else await state, engine, turn)
        return
    client = WatchingClient(turn, keeper, arrival.id, arrived_ms, body)
    try:
        await _drive(engine, once, arrival, body, turn, client)
    finally:
        client.over()


async def _drive(engine: Engine, once: Once, arrival: Arrival, body: bytes, turn: Turn, client: PatientClient) -> None:
    state = await enter(arrival, engine.rules, engine)
    name = turn.request.named.get(idempotency.HEADER)
    if name is None:
        await drive(state, engine, client)
        return
    claim = idempotency.claim_of(idempotency.key_in(name), arrival, body)
    try:
        await once.serve(claim, state, client, arrival.dialect)
    finally:
        release(state, engine)
