"""Tools that cost money, over HTTP, for the SDK: their price is held before they run, and settled after it.

A key with the right `runs` charges the runs that it may end, on the budgets that its calls are charged to, in the same
ledger and records. Whoever holds money and is heard of no more is presumed dead at its deadline: the hold is unknown then,
counts as spent, and is charged by policy unless somebody still says what it came to.
"""

import asyncio
import hashlib
import logging

import msgspec

from farthing.accounts.attribution import MAX_LABELS, Attribution, attribute_heard, flaw_of
from farthing.call.arrival import Caller
from farthing.call.tool_deadlines import MOST, MOST_OF_A_KEY, HeldUse
from farthing.call.tool_money import Buying, Paying, hold, void
from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.domain.key import Key
from farthing.domain.money import parse_usd, usd
from farthing.domain.refusal import Refusal
from farthing.gateway.admin.endpoint import Asked, Endpoint, conflict
from farthing.gateway.admin.tool_use_ends import MOST_NANOS, lose_use, settle_use, show_use, view_of, void_use
from farthing.gateway.admin.tool_use_views import (
    NewToolUse,
    ToolCost,
    ToolEnd,
    ToolUseView,
    ToolWord,
    Withdrawn,
    held_view,
)
from farthing.gateway.admin.tool_waits import Asking
from farthing.ports.claims import Claim, Taken
from farthing.pricing.tool_price import TOOL

log = logging.getLogger("farthing.gateway")

RIGHT = "runs"
SWEEP_MS = 3_600_000
"""Words of uses that have ended are dropped this often, a day after they were first used."""
DAY_MS = 86_400_000


async def reserve_use(asked: Asked) -> ToolUseView | Refusal:
    """Durably held when it is answered. Raises BadRequest 400 naming the field, 403 for a run of another key, 409 where
    `once` stands for another use, or too many are held."""
    wanted: NewToolUse = asked.body
    engine = asked.engine
    buying = Buying(wanted.tool, _amount(wanted.most_usd), wanted.exact)
    caller = _caller(asked.maker, wanted)
    _check_run(asked, wanted.run, caller)
    claim = _claim(engine, caller, wanted)
    taken = await asyncio.to_thread(engine.store.claims.claim, claim)
    if isinstance(taken, Taken):
        if not taken.same:
            raise conflict(f"{wanted.once[:80]!r} stands for another use: take a new word for each", "once")
        return await view_of(engine, taken.call)
    found = await _placed(asked, claim, buying, caller, wanted)
    await _sweep(engine)
    return found


async def withdraw_use(asked: Asked) -> Withdrawn:
    """Whoever asked wants it no more, and has not run the tool: its request leaves the queue, or what it was just given is
    given back. Safe to repeat; also where there is nothing."""
    deadlines = asked.engine.tool_deadlines
    found = deadlines.withdraw((_tenant(Caller(key=asked.key_name)), asked.body.once))
    if isinstance(found, HeldUse):
        void(asked.engine, found.paying, "its program left before it ran")
    return Withdrawn(bool(found))


async def _placed(
    asked: Asked, claim: Claim, buying: Buying, caller: Caller, wanted: NewToolUse
) -> ToolUseView | Refusal:
    """The use with its deadline, where there is a place for one more."""
    deadlines = asked.engine.tool_deadlines
    if not deadlines.enter(caller.key):
        raise conflict(
            f"too many uses of tools are held at one time ({MOST_OF_A_KEY:,} of a key, {MOST:,} in all): "
            "settle those that are over",
            "once",
        )
    asking, word = Asking(asked.client), (claim.tenant, claim.key)
    with deadlines.asking(word, asking.withdraw):
        paying: Paying | Refusal | None = None
        try:
            patience_ms = int(wanted.wait_seconds * 1_000)
            holding = hold(asked.engine, claim.call, buying, caller, patience_ms=patience_ms)
            paying = await _still_wanted(asked.engine, claim, asking, await asking.while_wanted(holding))
        finally:
            if not isinstance(paying, Paying):
                deadlines.leave(caller.key)
        if isinstance(paying, Refusal):
            return paying
        return held_view(deadlines.keep(paying, caller.key, wanted.seconds, word), wanted.run)


async def _still_wanted(
    engine: Engine, claim: Claim, asking: Asking, found: Paying | Refusal | None
) -> Paying | Refusal:
    """The money, of this request and no other, for somebody who will hear of it: the word `once` still stands for it after
    the reserve, and its asker is still there, or it is given back. Raises BadRequest 409."""
    if isinstance(found, Refusal):
        return found
    mine = False
    try:
        mine = found is not None and await asyncio.to_thread(engine.store.claims.holds, claim)
    finally:
        if found is not None and (asking.over or not mine):
            void(engine, found, "its asker left before it ran" if mine else "its word stands for a later request")
    if found is None or asking.over:
        raise conflict("it was withdrawn while it waited for its money; nothing is held", "once")
    if not mine:
        raise conflict(f"{claim.key[:80]!r} was asked for again meanwhile; ask once more with the same word", "once")
    return found


async def _sweep(engine: Engine) -> None:
    """Now and then. Words of uses that are still open stay."""
    now_ms = engine.now_ms()
    if not engine.tool_deadlines.is_time(now_ms, SWEEP_MS):
        return
    try:
        await asyncio.to_thread(engine.store.claims.forget, now_ms - DAY_MS)
    except LedgerUnavailable as error:
        log.warning("old words of tools are kept a little longer: %s", error)


def _claim(engine: Engine, caller: Caller, wanted: NewToolUse) -> Claim:
    now_ms = engine.now_ms()
    return Claim(
        tenant=_tenant(caller),
        key=wanted.once,
        fingerprint=hashlib.sha256(msgspec.json.encode(wanted, order="sorted")).digest(),
        call=engine.mint(now_ms),
        at_ms=now_ms,
    )


def _tenant(caller: Caller) -> str:
    """Whose words they are: apart from the idempotency keys of its calls."""
    return f"{caller.tenant}\n{TOOL}"


def _amount(text: str) -> int:
    """Raises BadRequest 400."""
    try:
        nanos = parse_usd(text)
    except ValueError as error:
        raise BadRequest(str(error), field="most_usd") from error
    if not 0 < nanos <= MOST_NANOS:
        raise BadRequest(f"a use costs more than 0 and at most {usd(MOST_NANOS)} USD", field="most_usd")
    return nanos


def _caller(key: Key | None, wanted: NewToolUse) -> Caller:
    """Who is charged, as for a call with this key: its own labels win, and only those that it may set choose budgets.
    Raises BadRequest naming the field."""
    labels = {**wanted.labels, "run": wanted.run, TOOL: wanted.tool}
    if len(labels) > MAX_LABELS:
        raise BadRequest(f"{len(labels)} labels are too many; {MAX_LABELS} are the most", field="labels")
    for name, value in labels.items():
        if flaw := flaw_of(name, value):
            field = name if name in ("run", TOOL) else "labels"
            raise BadRequest(f"the label {name[:80]!r} cannot be {value[:80]!r}: {flaw}", field=field)
    found = _attributed(key, tuple(sorted(labels.items())))
    if key is None:
        return Caller(labels=found.labels)
    return Caller(key=key.name, labels=found.labels, trusted=found.trusted, max_values=key.max_values)


def _attributed(key: Key | None, labels: tuple[tuple[str, str], ...]) -> Attribution:
    try:
        return attribute_heard((), labels, key)
    except BadRequest as error:  # its words are about a header
        missing = next(name for name in (() if key is None else key.require) if name not in dict(labels))
        raise BadRequest(
            f"this key requires the label {missing!r}, which it must be allowed to set", field="labels", code=error.code
        ) from error


def _check_run(asked: Asked, run: str, caller: Caller) -> None:
    """A key charges the runs that it may end, and those that nobody announced. Raises BadRequest 403."""
    if asked.is_admin:
        return
    why = ""
    guards = asked.engine.guards
    known = None if guards is None else guards.runs.get(run)
    if dict(caller.labels)["run"] != run or (caller.trusted is not None and "run" not in caller.trusted):
        why = f"the key {caller.key!r} may not set `run`; add it to the key's `may_set`"
    elif known is not None and known.owner != caller.key:
        why = f"the run {run!r} belongs to another key"
    if why:
        raise BadRequest(why, field="run", status=403, code="forbidden")


_PATH = "/tool-uses"
ENDPOINTS = (
    Endpoint(
        method="POST",
        path=_PATH,
        summary="Hold what a tool costs at most, before it runs (for the SDK)",
        answer=reserve_use,
        takes=NewToolUse,
        gives=ToolUseView,
        status=201,
        right=RIGHT,
    ),
    Endpoint(
        method="POST",
        path=f"{_PATH}/withdraw",
        summary="Leave the queue for a tool's money, or give back what was just held",
        answer=withdraw_use,
        takes=ToolWord,
        gives=Withdrawn,
        right=RIGHT,
    ),
    Endpoint(
        method="GET",
        path=f"{_PATH}/{{id}}",
        summary="One use of a tool",
        answer=show_use,
        gives=ToolUseView,
        right=RIGHT,
    ),
    Endpoint(
        method="POST",
        path=f"{_PATH}/{{id}}/settle",
        summary="Say what a use of a tool cost",
        answer=settle_use,
        takes=ToolCost,
        gives=ToolUseView,
        right=RIGHT,
    ),
    Endpoint(
        method="POST",
        path=f"{_PATH}/{{id}}/void",
        summary="Say that a use of a tool bought nothing",
        answer=void_use,
        takes=ToolEnd,
        gives=ToolUseView,
        right=RIGHT,
    ),
    Endpoint(
        method="POST",
        path=f"{_PATH}/{{id}}/lose",
        summary="Say that nobody knows what a use of a tool cost",
        answer=lose_use,
        takes=ToolEnd,
        gives=ToolUseView,
        right=RIGHT,
    ),
)
