"""What a call moved on its accounts, and when: holds, settlements, releases and corrections, one after the other.

Over all entries of an account, what was posted is what its share says, and what is held comes back to nothing once the
attempts have ended.
"""

from collections.abc import Iterator

import msgspec

from farthing.domain.budget import AccountKey
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord

HELD, CORRECTED = "held", "corrected"
ENDS = {"settled": "settled", "void": "released"}
"""What the end of an attempt is called, by its state."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One movement on one account, in the account's base."""

    at_ms: int
    attempt: int
    """Its ordinal."""
    act: str
    """`held`, `settled`, `estimated` (charged by policy), `released` or `corrected`."""
    account: AccountKey
    held: int
    """Set aside; negative where it was given back."""
    posted: int
    """Charged; negative where a correction took some of it back."""


class _Noted(msgspec.Struct):
    """What a store noted beside a correction; the rest is its own bookkeeping."""

    source: str | None = None
    posted: tuple[int, ...] | None = None
    """On each account, in the order of shares; None while the outcome was unknown."""


_read = msgspec.json.Decoder(_Noted).decode


def entries(call: CallRecord) -> tuple[Entry, ...]:
    """Everything that moved, in its order."""
    found = [entry for attempt in call.attempts for entry in _of(attempt, call)]
    return tuple(sorted(found, key=lambda entry: entry.at_ms))


def _of(attempt: AttemptRecord, call: CallRecord) -> Iterator[Entry]:
    opening = attempt.opening
    yield from _moved(attempt, opening.opened_ms, HELD, held=tuple(share.held for share in attempt.shares))
    held = tuple(-share.held for share in attempt.shares)
    before = (0,) * len(attempt.shares)
    for at_ms, act, posted in _ends(attempt, call):
        change = tuple(now - then for now, then in zip(posted, before, strict=True))
        yield from _moved(attempt, at_ms, act, held=held, posted=change)
        held, before = (), posted


def _ends(attempt: AttemptRecord, call: CallRecord) -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """When its hold was brought to an end, as what, and what stood posted then; and so on for each correction."""
    mine = [each for each in call.adjustments if each.attempt == attempt.opening.id]
    ended = tuple(share.posted for share in attempt.shares if share.posted is not None)
    if not mine and attempt.state in ENDS and len(ended) == len(attempt.shares):
        act = "estimated" if attempt.source == "estimate" else ENDS[attempt.state]
        yield attempt.settled_ms or attempt.opening.opened_ms, act, ended
    for place, each in enumerate(mine):
        if place == 0:
            yield from _first_end(each, attempt, call)
        after = _read(each.after).posted
        if after is not None and len(after) == len(attempt.shares):
            yield each.at_ms, CORRECTED, after


def _first_end(
    correction: Adjustment, attempt: AttemptRecord, call: CallRecord
) -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """What stood before the first correction. When that was is no longer on record, so it is the end of the call."""
    noted = _read(correction.before)
    if noted.posted is None or len(noted.posted) != len(attempt.shares):
        return
    at_ms = attempt.opening.opened_ms if call.closing is None else call.closing.finished_ms
    yield min(at_ms, correction.at_ms), "estimated" if noted.source == "estimate" else "settled", noted.posted


def _moved(
    attempt: AttemptRecord, at_ms: int, act: str, *, held: tuple[int, ...], posted: tuple[int, ...] = ()
) -> Iterator[Entry]:
    for place, share in enumerate(attempt.shares):
        yield Entry(
            at_ms=at_ms,
            attempt=attempt.opening.ordinal,
            act=act,
            account=share.account,
            held=held[place] if held else 0,
            posted=posted[place] if posted else 0,
        )
