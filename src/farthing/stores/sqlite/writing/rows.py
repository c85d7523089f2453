"""How the ledger's values become rows, and open holds come back from them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import astuple

from farthing.budgets.account import Account
from farthing.budgets.open_hold import Ended, OpenHold, Part
from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Loss, Reserve, Reserved, Settlement, Spent
from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.record import CallClosing, CallOpening
from farthing.stores.granted import steps_of

Row = tuple[Any, ...]
Accounts = Mapping[AccountKey, Account]
"""Where an account's number in the file is found."""

HELD, UNKNOWN, SETTLED, VOID = range(4)
"""The states of an attempt."""

_encode = msgspec.json.Encoder().encode
_read_charges = msgspec.json.Decoder(list[tuple[int, int, int, int, int | None]]).decode
_read_seen = msgspec.json.Decoder(Spent).decode
_read_flags = msgspec.json.Decoder(tuple[str, ...]).decode
_read_posted = msgspec.json.Decoder(tuple[int, ...]).decode


def charges(parts: Iterable[Part], accounts: Accounts) -> str:
    """`[[account, held, times, over, least], …]`; `least` is null where an unknown outcome is charged in full."""
    return _encode(
        [(accounts[part.account].row, part.amount, part.times, part.over, part.least) for part in parts]
    ).decode()


def parts(document: str, names: Callable[[int], AccountKey]) -> tuple[Part, ...]:
    return tuple(Part(names(charge[0]), *charge[1:]) for charge in _read_charges(document))


def opening(call: CallOpening) -> Row:
    return (
        call.id,
        call.arrived_ms,
        call.key,
        _encode(dict(call.labels)).decode(),
        call.dialect,
        call.route,
        call.model,
        call.streamed,
        call.cap_asked,
        call.skeleton,
        call.parent or None,
    )


def ending(closing: CallClosing) -> Row:
    return (
        closing.outcome,
        closing.status,
        closing.finished_ms,
        closing.first_byte_ms,
        closing.code,
        closing.detail,
    )


def held(ask: Reserve, granted: Reserved, hold: OpenHold, owner: int, accounts: Accounts) -> Row:
    attempt = ask.opening
    steps = steps_of(ask, granted)
    return (
        attempt.id,
        owner,
        attempt.provider,
        attempt.model,
        attempt.book,
        attempt.bound,
        attempt.input_bound,
        attempt.text_bytes,
        attempt.choices,
        granted.cap,
        attempt.opened_ms,
        charges(hold.parts, accounts),
        _encode(steps).decode() if steps else None,
    )


def settled(settlement: Settlement, posted: tuple[int, ...]) -> Row:
    return (
        _encode(posted).decode(),
        settlement.cost_nanos,
        settlement.remainder_picos,
        *astuple(settlement.usage),
        settlement.source,
        settlement.tier,
        settlement.served_model,
        settlement.response_id,
        settlement.finish,
        _encode(settlement.flags).decode() if settlement.flags else None,
        settlement.settled_ms,
        settlement.attempt,
    )


def estimated(ended: Ended, flags: tuple[str, ...], now_ms: int) -> Row:
    """A policy's charge: the money is the most that any account was charged, the tokens are what was seen."""
    money = [amount for part, amount in zip(ended.hold.parts, ended.posted, strict=True) if _is_dollars(part)]
    seen = ended.hold.seen
    cost = max(money) if money else None if seen is None else -(-seen.picos // PICOS_PER_NANO)
    return (
        _encode(ended.posted).decode(),
        cost,
        None if seen is None else seen.input_tokens,
        None if seen is None else seen.output_tokens,
        _encode((*flags, "estimated")).decode(),
        now_ms,
        ended.hold.attempt,
    )


def _is_dollars(part: Part) -> bool:
    return part.account.unit is Unit.USD and part.over == part.times * PICOS_PER_NANO


def voided(ended: Ended, reason: str, at_ms: int) -> Row:
    return (_encode(ended.posted).decode(), reason, at_ms, ended.hold.attempt)


def lost(loss: Loss) -> Row:
    return (
        loss.due_ms,
        _encode(loss.seen).decode(),
        loss.reason,
        _encode(loss.flags).decode() if loss.flags else None,
        loss.response_id,
        loss.attempt,
    )


def presumed_lost(attempt: int, due_ms: int, reason: str) -> Row:
    """What is written for a hold whose owner died: nothing was seen that is not in its charges."""
    return (due_ms, None, reason, None, None, attempt)


class Found(msgspec.Struct, frozen=True):
    """An attempt as the file has it, ready to be taken up again."""

    owner: int
    state: int
    hold: OpenHold
    flags: tuple[str, ...]
    posted: tuple[int, ...]
    """By each part, once it has ended."""


def found(row: Row, names: Callable[[int], AccountKey]) -> Found:
    attempt, owner, state, document, due_ms, seen, flags, posted = row
    hold = OpenHold(
        attempt,
        parts(document, names),
        due_ms=due_ms if state == UNKNOWN else None,
        seen=None if seen is None else _read_seen(seen),
    )
    return Found(
        owner,
        state,
        hold,
        () if flags is None else _read_flags(flags),
        () if posted is None else _read_posted(posted),
    )
