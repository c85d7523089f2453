"""How a use of a tool ends, over HTTP: settled, voided or lost. Each end may be told again; another one may not.

What nobody told in time is unknown, and then charged by policy. Its program may still say what it came to: that settles
it, or corrects the charge by an adjusting, audited entry.
"""

import asyncio

from farthing.call.tool_money import Paying, lose, settle, settlement_of, void
from farthing.config.engine import Engine
from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.domain.money import NANOS_PER_USD, parse_usd, usd
from farthing.gateway.admin.endpoint import Asked, conflict, missing
from farthing.gateway.admin.reading import call_id
from farthing.gateway.admin.tool_use_views import ToolCost, ToolEnd, ToolUseView, use_view
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.pricing.tool_price import TOOL, declared_nanos

MOST_NANOS = 1_000_000 * NANOS_PER_USD
"""What one use may cost: far above any tool, and far below what a number in the ledger can hold."""
_LATE = "told after its deadline"
_NOBODY_KNOWS = "its program does not know"
_NOTHING = "its program says that nothing was bought"


async def show_use(asked: Asked) -> ToolUseView:
    """Raises BadRequest 404 where it is not this key's."""
    return _view(asked.engine, await _find(asked))


async def settle_use(asked: Asked) -> ToolUseView:
    """Raises BadRequest 400 for what is no amount, 404, and 409 where it has ended otherwise."""
    wanted: ToolCost = asked.body
    record = await _find(asked)
    return await _settled(asked, record, _cost(record, wanted.usd))


async def void_use(asked: Asked) -> ToolUseView:
    """What is unknown by now is settled at nothing: its program knows. Raises BadRequest 404, and 409 where it has cost
    something."""
    wanted: ToolEnd = asked.body
    engine, record = asked.engine, await _find(asked)
    held = engine.tool_deadlines.end(record.opening.id)
    if held is not None:
        void(engine, held.paying, wanted.reason or _NOTHING)
    elif record.attempts[0].state != "void":
        return await _settled(asked, record, 0)
    return await view_of(engine, record.opening.id)


async def lose_use(asked: Asked) -> ToolUseView:
    """The whole hold counts as spent. Raises BadRequest 404, and 409 where it is known what it cost."""
    wanted: ToolEnd = asked.body
    engine, record = asked.engine, await _find(asked)
    held = engine.tool_deadlines.end(record.opening.id)
    if held is not None:
        lose(engine, held.paying, wanted.reason or _NOBODY_KNOWS)
        return await view_of(engine, record.opening.id)
    attempt = await _ended(engine, record)
    if attempt.state == "void" or (attempt.state == "settled" and attempt.source != "estimate"):
        raise conflict(_known(attempt), "path")
    return await view_of(engine, record.opening.id)


async def view_of(engine: Engine, call: int) -> ToolUseView:
    """As it is on record now, durably."""
    record = await _record(engine, call)
    assert record is not None, "a use of a tool was held"
    return _view(engine, record)


async def _settled(asked: Asked, record: CallRecord, nanos: int) -> ToolUseView:
    engine, call = asked.engine, record.opening.id
    held = engine.tool_deadlines.end(call)
    if held is not None:
        settle(engine, held.paying, nanos)
        return await view_of(engine, call)
    attempt = await _ended(engine, record)
    paying = Paying(call, record.opening.model, _held_nanos(attempt))
    if attempt.state == "unknown":
        settle(engine, paying, nanos)
    elif attempt.state == "settled" and attempt.source == "estimate":
        await engine.ledger.adjust(settlement_of(paying, nanos, engine.now_ms()), asked.by, _LATE)
    elif attempt.state == "void" or attempt.cost_nanos != nanos:
        raise conflict(_known(attempt), "path")
    return await view_of(engine, call)


async def _ended(engine: Engine, record: CallRecord) -> AttemptRecord:
    """The attempt of a use that this process holds no more, as it is by now. Raises LedgerUnavailable where another one does."""
    fresh = await _record(engine, record.opening.id)
    attempt = (fresh or record).attempts[0]
    if attempt.state == "held":
        raise LedgerUnavailable(
            "another gateway on this store holds it: tell that one, or this one again when it has left"
        )
    return attempt


def _known(attempt: AttemptRecord) -> str:
    if attempt.state == "void":
        return "it was voided: nothing was bought"
    return f"it was settled at {usd(attempt.cost_nanos or 0)} USD; `farthing calls settle` corrects it"


def _cost(record: CallRecord, text: str | None) -> int:
    """What it cost, in nano-dollars. Raises BadRequest 400."""
    exact = declared_nanos(record.attempts[0].opening.book)
    if text is None:
        if exact is None:
            raise BadRequest("say what it cost: it was not held with `exact`", field="usd")
        return exact
    try:
        nanos = parse_usd(text)
    except ValueError as error:
        raise BadRequest(str(error), field="usd") from error
    if nanos > MOST_NANOS:
        raise BadRequest(f"a use costs {usd(MOST_NANOS)} USD at most", field="usd")
    if exact is not None and nanos not in (0, exact):
        raise BadRequest(f"it was held with `exact` for {usd(exact)} USD: it costs that, or nothing", field="usd")
    return nanos


def _held_nanos(attempt: AttemptRecord) -> int:
    """What was held for it; no limit where no budget counts dollars."""
    return max((share.held for share in attempt.shares if share.account.unit is Unit.USD), default=MOST_NANOS)


def _view(engine: Engine, record: CallRecord) -> ToolUseView:
    return use_view(record, engine.tool_deadlines.of(record.opening.id))


async def _find(asked: Asked) -> CallRecord:
    """Raises BadRequest 404, the same for a use of others as for one that is not there."""
    text = asked.named["id"]
    record = await _record(asked.engine, call_id(text, "path"))
    mine = record is not None and (asked.is_admin or record.opening.key == asked.key_name)
    if record is None or not mine or record.opening.dialect != TOOL or not record.attempts:
        raise missing("use of a tool", text)
    return record


async def _record(engine: Engine, call: int) -> CallRecord | None:
    await engine.ledger.flush()
    return await asyncio.to_thread(engine.records.call, call)
