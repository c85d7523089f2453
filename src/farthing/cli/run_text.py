"""A run's receipt on paper: what all its calls used and cost together, by whom, turn by turn."""

from collections.abc import Iterator, Sequence

from farthing.accounts.run_receipt import GROUPS, Part, RunReceipt
from farthing.cli.receipt_lines import RULE, WIDTH, billed, count, from_naive, saved_share, told, two
from farthing.cli.screen import dollars
from farthing.domain.ids import show

_LEVELS = "▁▂▃▄▅▆▇█"
MOST_PARTS = 6
"""Steps, agents or models that are named; the rest stands in one line."""


def run_text(name: str, receipt: RunReceipt) -> str:
    """One run's receipt, ending in its total."""
    refused = f", {receipt.refused:,} refused" if receipt.refused else ""
    parts = [f"{name}: {count(receipt.calls, 'call')}{refused}", *_judged(receipt), *billed(receipt.lines)]
    if receipt.unexplained_nanos:
        parts.append(two("  not in these lines (estimates, other prices)", dollars(receipt.unexplained_nanos)))
    for group in GROUPS:
        parts += _by(group, receipt.parts.get(group, ()))
    parts += _growth(receipt)
    return "\n".join([*parts, RULE, *_total(receipt)]) + "\n"


def sparkline(values: Sequence[int], width: int) -> str:
    """Values as a row of bars from 0 to the largest; where there are more than fit, each bar is the largest of several."""
    if not values:
        return ""
    each = -(-len(values) // width)
    peaks = [max(values[place : place + each]) for place in range(0, len(values), each)]
    most = max(peaks) or 1
    return "".join(_LEVELS[peak * (len(_LEVELS) - 1) // most] for peak in peaks)


def _judged(receipt: RunReceipt) -> Iterator[str]:
    outcome = receipt.outcome
    if outcome is None:
        return
    score = f", score {outcome.score:g}" if outcome.score is not None else ""
    by = f", says {outcome.by}" if outcome.by else ""
    note = f": {outcome.note}" if outcome.note else ""
    yield from told("came to ", f"{'success' if outcome.success else 'failure'}{score}{by}{note}")


def _by(group: str, parts: tuple[Part, ...]) -> Iterator[str]:
    """Who had which part of it; nothing where all of it is one's."""
    if len(parts) < 2:
        return
    yield f"by {group}"
    for part in parts[:MOST_PARTS]:
        yield _part(part.name or "(none)", part.attempts, part.input_tokens, part.output_tokens, part.nanos)
    rest = parts[MOST_PARTS:]
    if rest:
        fields = ("attempts", "input_tokens", "output_tokens", "nanos")
        attempts, taken_in, given_out, nanos = (sum(getattr(part, field) for part in rest) for field in fields)
        yield _part(f"{len(rest):,} more", attempts, taken_in, given_out, nanos)


def _part(name: str, attempts: int, taken_in: int, given_out: int, nanos: int) -> str:
    shown = name if len(name) <= 24 else f"{name[:23]}…"
    return two(f"  {shown:<24}{attempts:>6,} ×{taken_in:>13,} in{given_out:>10,} out", dollars(nanos))


def _growth(receipt: RunReceipt) -> Iterator[str]:
    """How the context grew, and what a turn cost."""
    turns = receipt.answered
    if len(turns) < 2:
        return
    inputs = [turn.input_tokens for turn in turns]
    yield from told("context  ", f"{sparkline(inputs, WIDTH - 9)}")
    yield f"         {inputs[0]:,} → {inputs[-1]:,} tokens in, at most {max(inputs):,}"
    dearest = max(turns, key=lambda turn: turn.nanos)
    yield two("a turn cost about", dollars(receipt.nanos // len(turns)))
    yield two(f"  the dearest, {show('call', dearest.call)}", dollars(dearest.nanos))


def _total(receipt: RunReceipt) -> Iterator[str]:
    yield from from_naive(receipt.naive_nanos, receipt.savings)
    for other in receipt.others:
        note = f": {other.note}" if other.note else ""
        yield two(f"  {other.kind}{note}"[: WIDTH - 24], dollars(other.nanos))
    if receipt.others:
        yield two("models", dollars(receipt.nanos))
    yield two("total", dollars(receipt.all_nanos))
    share = saved_share(receipt.naive_nanos, receipt.nanos)
    if share:
        yield share
    if receipt.open:
        yield f"{count(receipt.open, 'attempt')} still open: the cost is held and not in the total"
    if receipt.unpriced:
        yield f"{count(receipt.unpriced, 'attempt')} without a known price, not in the total"
