"""What the ledger in memory tells: every call and attempt as it goes on, and what each account has come to."""

from typing import Any

import msgspec

from farthing.budgets.open_hold import Ended, OpenHold, Part
from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.hold import Loss, Reserve, Reserved, Settlement
from farthing.domain.ids import call_of
from farthing.domain.money import nanos_from_picos
from farthing.domain.record import CallClosing, CallOpening, Skeleton
from farthing.domain.usage import Usage
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord, Share
from farthing.stores.granted import steps_of


class Kept(AttemptRecord, frozen=True, kw_only=True):
    """An attempt's record with the parts of its hold, which a later correction needs."""

    parts: tuple[Part, ...]

    @property
    def posted(self) -> tuple[int, ...]:
        """What each part has posted so far."""
        return tuple(share.posted or 0 for share in self.shares)


class Journal:
    """Only the ledger writes here, under its own lock. Beyond `keep` calls the oldest are forgotten, accounts never."""

    def __init__(self, keep: int = 100_000) -> None:
        self._keep = keep
        self._calls: dict[int, CallRecord] = {}
        self._accounts: dict[AccountKey, Standing] = {}
        self._responses: dict[tuple[str, str], tuple[int, int | None]] = {}
        self.attempts: dict[int, Kept] = {}

    def opened(self, opening: CallOpening) -> None:
        """A call that was refused before it held anything, or that is about to hold."""
        skeleton = msgspec.json.decode(opening.skeleton, type=Skeleton) if opening.skeleton else Skeleton()
        self.put(CallRecord(opening=opening, closing=None, skeleton=skeleton))

    def held(self, ask: Reserve, granted: Reserved, hold: OpenHold) -> None:
        if ask.call is not None:
            self.opened(ask.call)
        for charge, part in zip(ask.charges, hold.parts, strict=True):
            self._tally(part.account, held=part.amount, closes_ms=charge.closes_ms)
        steps = steps_of(ask, granted)
        opening = msgspec.structs.replace(ask.opening, steps=steps) if steps else ask.opening
        kept = Kept(opening=opening, state="held", cap=granted.cap, shares=_shares(hold.parts), parts=hold.parts)
        self._keep_attempt(kept)

    def settled(self, settlement: Settlement, ended: Ended) -> None:
        self._end(ended, "settled", **_truth(settlement))
        tokens = settlement.usage.input_tokens + settlement.usage.output_tokens
        self._remember(settlement.remember_for, settlement.response_id, settlement.attempt, tokens)

    def estimated(self, ended: Ended) -> None:
        """A policy charged an unknown outcome: the most that any account was charged, for the tokens that were seen."""
        known = self.attempts.get(ended.hold.attempt)
        seen = ended.hold.seen
        parts = zip(ended.hold.parts, ended.posted, strict=True)
        money = [amount for part, amount in parts if part.account.unit is Unit.USD]
        self._end(
            ended,
            "settled",
            source="estimate",
            cost_nanos=max(money, default=nanos_from_picos(seen.picos) if seen else None),
            usage=Usage(input_tokens=seen.input_tokens, output_tokens=seen.output_tokens) if seen else Usage(),
            flags=(*(known.flags if known else ()), "estimated"),
            settled_ms=ended.hold.due_ms,
        )

    def voided(self, reason: str, ended: Ended, at_ms: int) -> None:
        self._end(ended, "void", reason=reason, settled_ms=at_ms)

    def lost(self, loss: Loss) -> None:
        known = self.attempts.get(loss.attempt)
        for part in known.parts if known else ():
            self._tally(part.account, held=-part.amount, unknown=part.amount)
        self._change(
            loss.attempt,
            state="unknown",
            due_ms=loss.due_ms,
            seen=loss.seen,
            reason=loss.reason,
            flags=loss.flags,
            response_id=loss.response_id,
        )
        self._remember(loss.remember_for, loss.response_id, loss.attempt, None)

    def adjusted(self, settlement: Settlement, posted: tuple[int, ...], by: str, reason: str) -> None:
        """A correction of an attempt that had ended or was unknown: `posted` is what each of its parts has posted now."""
        before = self.attempts[settlement.attempt]
        for part, old, new in zip(before.parts, before.posted, posted, strict=True):
            self._tally(part.account, posted=new - old, unknown=-part.amount if before.state == "unknown" else 0)
        shares = _shares(before.parts, posted)
        self._change(settlement.attempt, state="settled", shares=shares, **_truth(settlement))
        entry = Adjustment(
            attempt=settlement.attempt,
            at_ms=settlement.settled_ms,
            by=by,
            reason=reason,
            before=_stood(before),
            after=_stood(self.attempts[settlement.attempt]),
        )
        record = self._calls[call_of(settlement.attempt)]
        self.put(msgspec.structs.replace(record, adjustments=(*record.adjustments, entry)))

    def closed(self, closing: CallClosing | None) -> None:
        record = None if closing is None else self._calls.get(closing.id)
        if record is not None:
            self.put(msgspec.structs.replace(record, closing=closing))

    def put(self, record: CallRecord) -> None:
        """Keep a call as it stands now."""
        self._calls[record.opening.id] = record
        if len(self._calls) > self._keep:
            forgotten = self._calls.pop(next(iter(self._calls)))
            for attempt in forgotten.attempts:
                self.attempts.pop(attempt.opening.id, None)
        if len(self._responses) > self._keep:
            self._responses.pop(next(iter(self._responses)))

    def _end(self, ended: Ended, state: str, **changes: Any) -> None:
        released = "unknown" if ended.hold.unknown else "held"
        for part, amount in zip(ended.hold.parts, ended.posted, strict=True):
            self._tally(part.account, posted=amount, **{released: -part.amount})
        shares = _shares(ended.hold.parts, ended.posted)
        self._change(ended.hold.attempt, state=state, shares=shares, **changes)

    def _change(self, attempt: int, **changes: Any) -> None:
        """An attempt whose call was forgotten stays so."""
        known = self.attempts.get(attempt)
        if known is not None:
            self._keep_attempt(msgspec.structs.replace(known, **changes))

    def _keep_attempt(self, attempt: Kept) -> None:
        self.attempts[attempt.opening.id] = attempt
        record = self._calls.get(attempt.opening.call_id)
        if record is not None:
            others = (one for one in record.attempts if one.opening.id != attempt.opening.id)
            attempts = sorted((*others, _shown(attempt)), key=lambda one: one.opening.id)
            self.put(msgspec.structs.replace(record, attempts=tuple(attempts)))

    def _tally(self, key: AccountKey, posted: int = 0, held: int = 0, unknown: int = 0, closes_ms: int = 0) -> None:
        was = self._accounts.get(key) or Standing(key, None, 0, 0, 0)
        self._accounts[key] = Standing(
            key,
            None,
            was.posted + posted,
            was.held + held,
            was.unknown + unknown,
            closes_ms=closes_ms or was.closes_ms,
        )

    def _remember(self, tenant: str, response_id: str, attempt: int, tokens: int | None) -> None:
        if tenant and response_id:
            self._responses[tenant, response_id] = (attempt, tokens)


def _shares(parts: tuple[Part, ...], posted: tuple[int, ...] | None = None) -> tuple[Share, ...]:
    amounts = posted or (None,) * len(parts)
    return tuple(Share(part.account, part.amount, amount) for part, amount in zip(parts, amounts, strict=True))


def _truth(settlement: Settlement) -> dict[str, Any]:
    """What a settlement says of its attempt."""
    return {
        "cost_nanos": settlement.cost_nanos,
        "remainder_picos": settlement.remainder_picos,
        "usage": settlement.usage,
        "source": settlement.source,
        "tier": settlement.tier,
        "served_model": settlement.served_model,
        "response_id": settlement.response_id,
        "finish": settlement.finish,
        "flags": settlement.flags,
        "settled_ms": settlement.settled_ms,
    }


def _shown(attempt: Kept) -> AttemptRecord:
    return AttemptRecord(**{field: getattr(attempt, field) for field in AttemptRecord.__struct_fields__})


def _stood(attempt: Kept) -> str:
    ended = attempt.state in {"settled", "void"}
    stood = {
        "state": attempt.state,
        "source": attempt.source,
        "cost_nanos": attempt.cost_nanos,
        "usage": attempt.usage,
        "charges": [[share.account, share.held] for share in attempt.shares],
        "posted": attempt.posted if ended else None,
    }
    return msgspec.json.encode(stood).decode()
