"""A call's receipt on paper: what was asked, what was done and why, what was held, and the amounts, ending in the total."""

from collections.abc import Iterator

from farthing.accounts.paper import RULE, WIDTH, billed, count, from_naive, saved_share, told, two
from farthing.accounts.receipt import AttemptReceipt, Receipt
from farthing.accounts.receipt_view import charged
from farthing.cli.screen import amount, dollars, moment, quantity
from farthing.domain.ids import show
from farthing.domain.record import Step
from farthing.ports.records import Adjustment, AttemptRecord, Share

_FROM = " " * 8


def text(receipt: Receipt) -> str:
    """One call's receipt."""
    parts = [*_head(receipt)]
    for attempt in receipt.attempts:
        parts += ["", *_attempt(attempt, receipt.call.opening.arrived_ms)]
    for adjustment in receipt.call.adjustments:
        parts += ["", *_adjustment(adjustment)]
    return "\n".join([*parts, RULE, *_total(receipt)]) + "\n"


def _head(receipt: Receipt) -> Iterator[str]:
    opening, closing = receipt.call.opening, receipt.call.closing
    yield two(show("call", opening.id), moment(opening.arrived_ms))
    whose = ", ".join(f"{name}={value}" for name, value in opening.labels)
    key = f"key {opening.key}" if opening.key else ""
    if key or whose:
        yield from told("", " · ".join(filter(None, (key, whose))))
    stream = ", streamed" if opening.streamed else ""
    cap = f", at most {opening.cap_asked:,} tokens out" if opening.cap_asked is not None else ", no output cap named"
    yield from told("asked   ", f"{opening.model} over {opening.dialect}{stream}{cap}")
    yield from told(_FROM, ", ".join(_shape(receipt)))
    if closing is None:
        yield "ended   not yet, or its process died"
        return
    code = f" {closing.code}" if closing.code else ""
    first = f", first byte after {closing.first_byte_ms:,} ms" if closing.first_byte_ms is not None else ""
    took = f" after {closing.finished_ms - opening.arrived_ms:,} ms"
    yield f"ended   {closing.outcome}{code}, status {closing.status}{took}{first}"
    if closing.detail:
        yield from told(_FROM, closing.detail)


def _shape(receipt: Receipt) -> Iterator[str]:
    """The prompt without its words."""
    skeleton = receipt.call.skeleton
    yield count(len(skeleton.messages), "message")
    size = skeleton.text_bytes or sum(message.bytes for message in skeleton.messages)
    yield f"{size:,} bytes of text"
    if skeleton.tool_names:
        yield count(len(skeleton.tool_names), "tool")
    if skeleton.media:
        yield ", ".join(sorted(set(skeleton.media)))
    points = [message.breakpoint for message in skeleton.messages if message.breakpoint]
    if points:
        yield f"{count(len(points), 'cache breakpoint')} ({', '.join(dict.fromkeys(points))})"
    if skeleton.prompt_digest:
        yield f"prompt {skeleton.prompt_digest}"


def _attempt(attempt: AttemptReceipt, arrived_ms: int) -> Iterator[str]:
    record = attempt.record
    opening = record.opening
    served = f", served by {record.served_model}" if record.served_model not in ("", opening.model) else ""
    yield from told(f"attempt {opening.ordinal}   ", f"{opening.provider}/{opening.model}{served}: {_state(record)}")
    for step in attempt.steps:
        yield from _step(step)
    answers = f" for each of {opening.choices} answers" if opening.choices > 1 else ""
    worst = f": {dollars(attempt.worst_nanos)} at most" if attempt.worst_nanos is not None else ""
    bounds = f"{opening.input_bound:,} tokens in (bound: {opening.bound}) and {record.cap:,} out{answers}{worst}"
    yield from told("  reserved for at most ", bounds)
    if record.flags:
        yield from told("  flags: ", ", ".join(record.flags))
    if record.reason:
        yield from told("  ", record.reason)
    if record.tier:
        yield f"  at the prices of the service tier {record.tier}"
    yield from billed(attempt.lines)
    if attempt.unexplained:
        yield from told("  no lines: ", attempt.unexplained)
    yield from _over_time(record, arrived_ms)
    for share in record.shares:
        yield from _share(share)


def _step(step: Step) -> Iterator[str]:
    """What a stage did, then why, then what that was expected to be worth."""
    head = f"  {step.stage:<11}"
    yield from told(head, step.did)
    worth = [f"expected to save {dollars(step.saves_nanos)}"] if step.saves_nanos is not None else []
    worth += [f"costs {dollars(step.costs_nanos)} at most"] if step.costs_nanos is not None else []
    because = f"because {step.why}" if step.why else ""
    if because or worth:
        yield from told(" " * len(head), "; ".join(filter(None, (because, *worth))))


def _over_time(record: AttemptRecord, arrived_ms: int) -> Iterator[str]:
    if not record.shares:
        return
    when = f"  held after {max(record.opening.opened_ms - arrived_ms, 0):,} ms"
    if record.settled_ms is not None and record.state in ("settled", "void"):
        ended = "given back" if record.state == "void" else "settled"
        when += f", {ended} after {max(record.settled_ms - arrived_ms, 0):,} ms"
    yield when


def _share(share: Share) -> Iterator[str]:
    """One account: what was set aside on it and, once that is known, what was posted."""
    account = share.account
    where = " ".join(filter(None, ("   ", account.budget, account.value, f"({account.window})")))
    come_to = f"holds {amount(account.unit, share.held)}"
    if share.posted is not None:
        come_to = f"held {quantity(account.unit, share.held)}, posted {amount(account.unit, share.posted)}"
    if len(where) + len(come_to) < WIDTH:
        yield two(where, come_to)
    else:
        yield where
        yield two("", come_to)


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
    before, after = charged(each.before), charged(each.after)
    was = "unknown" if before.state == "unknown" else f"${before.cost_usd}" if before.cost_usd else "unpriced"
    now = f"${after.cost_usd}" if after.cost_usd is not None else "unpriced"
    yield from told("", f"corrected {moment(each.at_ms)} by {each.by}: {was} → {now}")
    if each.reason:
        yield from told("  ", each.reason)


def _total(receipt: Receipt) -> Iterator[str]:
    yield from from_naive(receipt.naive_nanos, receipt.savings)
    yield two("total", dollars(receipt.nanos))
    share = saved_share(receipt.naive_nanos, receipt.nanos)
    if share:
        yield share
    if receipt.explained and receipt.nanos:
        yield "every nano-dollar of it stands in a line above"
    if not receipt.complete:
        yield "not the last word: something is still open, or has no price"
