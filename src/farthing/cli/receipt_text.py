"""Receipts on paper: for people, and the same facts for programs."""

from collections.abc import Iterable, Iterator

import msgspec

from farthing.accounts.receipt import AttemptReceipt, Receipt, RunReceipt
from farthing.cli.screen import amount, dollars, moment, quantity, stamp
from farthing.domain.ids import show
from farthing.domain.money import PICOS_PER_NANO, usd
from farthing.domain.refusal import amount_text
from farthing.ports.records import Adjustment, AttemptRecord, Share
from farthing.pricing.cost import Line

_WIDTH = 78


def text(receipt: Receipt) -> str:
    """One call's receipt, ending in its total."""
    parts = [*_head(receipt)]
    for attempt in receipt.attempts:
        parts += ["", *_attempt(attempt)]
    for adjustment in receipt.call.adjustments:
        parts += ["", *_adjustment(adjustment)]
    return "\n".join([*parts, "─" * _WIDTH, *_total(receipt)]) + "\n"


def run_text(name: str, receipt: RunReceipt) -> str:
    """A run's receipt: what all its calls used and cost together."""
    calls = f"{receipt.calls:,} call{'' if receipt.calls == 1 else 's'}"
    refused = f", {receipt.refused:,} refused" if receipt.refused else ""
    parts = [f"{name}: {calls}{refused}", *billed(receipt.lines)]
    if receipt.unexplained_nanos:
        parts.append(_two("  not in these lines (estimates, other prices)", dollars(receipt.unexplained_nanos)))
    parts += ["─" * _WIDTH, _two("total", dollars(receipt.nanos))]
    if receipt.open:
        parts.append(f"{receipt.open:,} attempts are still open: their cost is held and not in the total")
    if receipt.unpriced:
        parts.append(f"{receipt.unpriced:,} attempts have no known price and are not in the total")
    return "\n".join(parts) + "\n"


def billed(lines: Iterable[Line]) -> Iterator[str]:
    """A line for each kind of token: how many, what a million of them costs, and the amount to the pico-dollar."""
    for line in lines:
        if line.kind == "rounding":
            yield _two("  rounded up to whole nano-dollars", _from_picos(line.picos))
        else:
            each = _from_picos(line.picos_each * (1 if line.kind in ("web_search", "request") else 1_000_000))
            per = "each" if line.kind in ("web_search", "request") else "a million"
            left = f"  {line.kind.replace('_', ' '):<20}{line.tokens:>12,}  at {each} {per}"
            yield _two(left, _from_picos(line.picos))


def plain(receipt: Receipt) -> dict[str, object]:
    """One call's receipt for programs; amounts are decimal strings of dollars."""
    opening, closing = receipt.call.opening, receipt.call.closing
    return {
        "call": show("call", opening.id),
        "arrived_at": stamp(opening.arrived_ms),
        "key": opening.key,
        "labels": dict(opening.labels),
        "model": opening.model,
        "dialect": opening.dialect,
        "streamed": opening.streamed,
        "output_cap_asked": opening.cap_asked,
        "outcome": closing.outcome if closing else None,
        "status": closing.status if closing else None,
        "code": closing.code if closing else "",
        "detail": closing.detail if closing else "",
        "attempts": [_plain(attempt) for attempt in receipt.attempts],
        "adjustments": [
            {
                "at": stamp(each.at_ms),
                "by": each.by,
                "reason": each.reason,
                "before": msgspec.Raw(each.before.encode()),
                "after": msgspec.Raw(each.after.encode()),
            }
            for each in receipt.call.adjustments
        ],
        "cost_usd": usd(receipt.nanos),
        "complete": receipt.complete,
        "adds_up": receipt.explained,
    }


def plain_run(name: str, receipt: RunReceipt) -> dict[str, object]:
    """A run's receipt for programs."""
    return {
        "run": name,
        "calls": receipt.calls,
        "refused": receipt.refused,
        "attempts": receipt.attempts,
        "open": receipt.open,
        "unpriced": receipt.unpriced,
        "usage": msgspec.to_builtins(receipt.usage),
        "lines": [_plain_line(line) for line in receipt.lines],
        "cost_usd": usd(receipt.nanos),
        "unexplained_usd": usd(receipt.unexplained_nanos),
    }


def _head(receipt: Receipt) -> Iterator[str]:
    opening, closing = receipt.call.opening, receipt.call.closing
    yield f"{show('call', opening.id)}   {moment(opening.arrived_ms)}"
    whose = ", ".join(f"{name}={value}" for name, value in opening.labels)
    key = f"key {opening.key}" if opening.key else ""
    yield from filter(None, [" · ".join(filter(None, (key, whose)))])
    stream = " streamed" if opening.streamed else ""
    cap = f", at most {opening.cap_asked:,} tokens out" if opening.cap_asked is not None else ", no output cap named"
    count = len(receipt.call.skeleton.messages)
    yield f"asked   {opening.model} over {opening.dialect}{stream}: {count} message{'' if count == 1 else 's'}{cap}"
    if closing is None:
        yield "ended   not yet, or its process died"
        return
    code = f" {closing.code}" if closing.code else ""
    took = f" after {closing.finished_ms - opening.arrived_ms:,} ms"
    yield f"ended   {closing.outcome}{code}, status {closing.status}{took}"
    if closing.detail:
        yield f"        {closing.detail}"


def _attempt(attempt: AttemptReceipt) -> Iterator[str]:
    record = attempt.record
    opening = record.opening
    served = f", served by {record.served_model}" if record.served_model not in ("", opening.model) else ""
    yield f"attempt {opening.ordinal}   {opening.provider}/{opening.model}{served}: {_state(record)}"
    answers = f" for each of {opening.choices} answers" if opening.choices > 1 else ""
    worst = f": {dollars(attempt.worst_nanos)} at most" if attempt.worst_nanos is not None else ""
    yield (
        f"  reserved for at most {opening.input_bound:,} tokens in (bound: {opening.bound}) "
        f"and {record.cap:,} out{answers}{worst}"
    )
    if record.flags:
        yield f"  flags: {', '.join(record.flags)}"
    if record.reason:
        yield f"  {record.reason}"
    if record.tier:
        yield f"  at the prices of the service tier {record.tier}"
    yield from billed(attempt.lines)
    if attempt.unexplained:
        yield f"  no lines: {attempt.unexplained}"
    for share in record.shares:
        yield from _share(share)


def _share(share: Share) -> Iterator[str]:
    """One account: what was set aside on it and, once that is known, what was posted."""
    account = share.account
    where = " ".join(filter(None, (" ", account.budget, account.value, f"({account.window})")))
    come_to = f"holds {amount(account.unit, share.held)}"
    if share.posted is not None:
        come_to = f"held {quantity(account.unit, share.held)}, posted {amount(account.unit, share.posted)}"
    if len(where) + len(come_to) < _WIDTH:
        yield _two(where, come_to)
    else:
        yield where
        yield _two("", come_to)


def _state(record: AttemptRecord) -> str:
    match record.state:
        case "settled":
            who = {"provider": "as the provider said", "estimate": "estimated by policy", "operator": "by an operator"}
            return f"settled {who.get(record.source, record.source)}, {dollars(record.cost_nanos)}"
        case "unknown":
            return f"outcome unknown; its hold counts as spent and is charged by policy on {moment(record.due_ms)}"
        case "void":
            return "void: nothing was billed"
        case _:
            return "in flight"


def _adjustment(each: Adjustment) -> Iterator[str]:
    before, after = (msgspec.json.decode(document) for document in (each.before, each.after))
    was = "unknown" if before["state"] == "unknown" else dollars(before["cost_nanos"])
    change = f"{was} → {dollars(after['cost_nanos'])}"
    yield f"corrected {moment(each.at_ms)} by {each.by}: {change}"
    if each.reason:
        yield f"  {each.reason}"


def _total(receipt: Receipt) -> Iterator[str]:
    yield _two("total", dollars(receipt.nanos))
    if receipt.explained and receipt.nanos:
        yield "every nano-dollar of it stands in a line above"
    if not receipt.complete:
        yield "not the last word: something is still open, or has no price"


def _plain(attempt: AttemptReceipt) -> dict[str, object]:
    record, opening = attempt.record, attempt.record.opening
    return {
        "ordinal": opening.ordinal,
        "provider": opening.provider,
        "model": opening.model,
        "served_model": record.served_model,
        "state": record.state,
        "source": record.source,
        "reason": record.reason,
        "flags": record.flags,
        "bound": opening.bound,
        "input_bound": opening.input_bound,
        "output_cap": record.cap,
        "choices": opening.choices,
        "worst_usd": None if attempt.worst_nanos is None else usd(attempt.worst_nanos),
        "usage": None if record.usage is None else msgspec.to_builtins(record.usage),
        "tier": record.tier or "standard",
        "lines": [_plain_line(line) for line in attempt.lines],
        "unexplained": attempt.unexplained,
        "cost_usd": None if record.cost_nanos is None else usd(record.cost_nanos),
        "remainder_picos": record.remainder_picos,
        "book": opening.book,
        "shares": [
            {
                "budget": share.account.budget,
                "value": share.account.value,
                "window": share.account.window,
                "unit": share.account.unit.value,
                "held": amount_text(share.account.unit, share.held),
                "posted": None if share.posted is None else amount_text(share.account.unit, share.posted),
                "amount": amount_text(share.account.unit, share.amount),
            }
            for share in record.shares
        ],
    }


def _plain_line(line: Line) -> dict[str, object]:
    return {"kind": line.kind, "tokens": line.tokens, "picos_each": line.picos_each, "picos": line.picos}


def _from_picos(picos: int) -> str:
    """Pico-dollars as dollars, with all their decimals."""
    nanos, rest = divmod(picos, PICOS_PER_NANO)
    if not rest:
        return dollars(nanos)
    whole, part = divmod(nanos, 1_000_000_000)
    return f"${whole:,}.{part:09d}{rest:03d}".rstrip("0")


def _two(left: str, right: str) -> str:
    """Two columns: an amount at the right edge."""
    return f"{left}{' ' * max(1, _WIDTH - len(left) - len(right))}{right}"
