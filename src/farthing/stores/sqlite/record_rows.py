"""How rows of the ledger become records."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.hold import Spent
from farthing.domain.ids import call_of
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, Labels, Skeleton, Step
from farthing.domain.usage import Usage
from farthing.ports.records import Adjustment, AttemptRecord, CallRecord, CallSummary, Share, UsageRow
from farthing.stores.sqlite.queries import ATTEMPT, CLOSING, COUNTS, OPENING, PROGRESS, USAGE

Row = tuple[Any, ...]

STATES = ("held", "unknown", "settled", "void")
"""By their number in the file."""


def call_record(
    row: Row, attempts: Iterable[Row], adjustments: Iterable[Row], accounts: Mapping[int, AccountKey]
) -> CallRecord:
    opening = _opening(row[: len(OPENING)])
    return CallRecord(
        opening=opening,
        closing=_closing(row[len(OPENING) :]),
        skeleton=msgspec.json.decode(opening.skeleton, type=Skeleton) if opening.skeleton else Skeleton(),
        attempts=tuple(_attempt(attempt, accounts) for attempt in attempts),
        adjustments=tuple(
            Adjustment(attempt=attempt, at_ms=at_ms, by=by, reason=reason, before=before, after=after)
            for attempt, at_ms, by, reason, before, after in adjustments
        ),
    )


def accounts_in(attempts: Iterable[Row]) -> set[int]:
    """The numbers of all accounts these attempts touch."""
    place = len(ATTEMPT) + PROGRESS.index("charges")
    return {charge[0] for attempt in attempts for charge in msgspec.json.decode(attempt[place])}


def summary(row: Row) -> CallSummary:
    call_id, arrived_ms, key, labels, model, streamed, outcome, code, status, finished_ms, *counts = row
    attempts, input_tokens, output_tokens, cost_nanos, estimated, unpriced, still_open = counts
    return CallSummary(
        id=call_id,
        arrived_ms=arrived_ms,
        key=key,
        labels=_labels(labels),
        model=model,
        streamed=bool(streamed),
        outcome=outcome or "",
        code=code or "",
        status=status,
        finished_ms=finished_ms,
        attempts=attempts,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cost_nanos=cost_nanos,
        estimated=estimated,
        unpriced=unpriced,
        open=still_open,
    )


def usage_row(group: tuple[str, ...], sums: Mapping[int, int]) -> UsageRow:
    """One group's sums, in the order in which `sums` asked for them."""
    calls, refused, attempts, cost_nanos, remainder_picos, estimated_nanos, unpriced, still_open = (
        sums[place] for place in range(len(COUNTS))
    )
    return UsageRow(
        group=group,
        calls=calls,
        refused=refused,
        attempts=attempts,
        usage=Usage(**{field: sums[len(COUNTS) + place] for place, field in enumerate(USAGE)}),
        cost_nanos=cost_nanos,
        remainder_picos=remainder_picos,
        estimated_nanos=estimated_nanos,
        unpriced=unpriced,
        open=still_open,
    )


def standing(row: Row) -> Standing:
    _, budget, value, unit, window, posted, held, unknown, closes_ms = row
    account = AccountKey(budget, value, Unit(unit), window)
    return Standing(account, None, posted, held, unknown, closes_ms=closes_ms)


def _labels(document: str) -> Labels:
    return tuple(msgspec.json.decode(document, type=dict[str, str]).items())


def _opening(row: Row) -> CallOpening:
    fields = dict(zip(OPENING, row, strict=True))
    read = {"labels": _labels(fields["labels"]), "streamed": bool(fields["streamed"]), "parent": fields["parent"] or ""}
    return CallOpening(**fields | read)


def _closing(row: Row) -> CallClosing | None:
    fields = dict(zip(CLOSING, row, strict=True))
    if fields["outcome"] is None:
        return None
    return CallClosing(**fields | {"code": fields["code"] or "", "detail": fields["detail"] or ""})


def _attempt(row: Row, accounts: Mapping[int, AccountKey]) -> AttemptRecord:
    names = iter(row)
    opening = {name: next(names) for name in ATTEMPT}
    steps = opening["steps"]
    opening["steps"] = msgspec.json.decode(steps, type=tuple[Step, ...]) if steps else ()
    got = {name: next(names) for name in PROGRESS}
    usage = {name: next(names) or 0 for name in USAGE}
    settled = STATES[got["state"]] == "settled"
    call_id = call_of(opening["id"])
    return AttemptRecord(
        opening=AttemptOpening(**opening, call_id=call_id, ordinal=opening["id"] - call_id),
        state=STATES[got["state"]],
        cap=got["cap"],
        shares=_shares(got["charges"], got["posted"], accounts),
        due_ms=got["due_ms"],
        seen=msgspec.json.decode(got["seen"], type=Spent) if got["seen"] else None,
        reason=got["reason"] or "",
        cost_nanos=got["cost_nanos"],
        remainder_picos=got["remainder_picos"] or 0,
        usage=Usage(**usage) if settled else None,
        source=got["source"] or "",
        tier=got["tier"] or "",
        served_model=got["served_model"] or "",
        response_id=got["response_id"] or "",
        finish=got["finish"] or "",
        flags=msgspec.json.decode(got["flags"], type=tuple[str, ...]) if got["flags"] else (),
        settled_ms=got["settled_ms"],
    )


def _shares(charges: str, posted: str | None, accounts: Mapping[int, AccountKey]) -> tuple[Share, ...]:
    held = [(accounts[charge[0]], charge[1]) for charge in msgspec.json.decode(charges)]
    amounts = [None] * len(held) if posted is None else msgspec.json.decode(posted)
    return tuple(Share(account, amount, end) for (account, amount), end in zip(held, amounts, strict=True))
