"""A run's receipt on paper: what all its calls used and cost together, by whom, turn by turn.

It is made of the document, so a run that a gateway counted reads as one that was counted here.
"""

from collections.abc import Iterator, Sequence

from farthing.accounts.paper import RULE, WIDTH, billed, count, dollars, from_naive, saved_share, told, two
from farthing.accounts.run_view import PartView, RunReceiptView
from farthing.domain.money import parse_usd
from farthing.pricing.naive import Saving

_LEVELS = "▁▂▃▄▅▆▇█"
MOST_NAMED = 6
"""Steps, agents, models or costs beside models that are named; the rest stands in one line."""


def run_paper(it: RunReceiptView) -> str:
    """One run's receipt, ending in its total."""
    refused = f", {it.refused:,} refused" if it.refused else ""
    parts = [*told("", f"{it.run}: {count(it.calls, 'call')}{refused}"), *_judged(it), *billed(it.lines)]
    if unexplained := nanos_of(it.unexplained_usd):
        parts.append(two("  not in these lines (estimates, other prices)", dollars(unexplained)))
    for group, members in (("step", it.by_step), ("agent", it.by_agent), ("model", it.by_model)):
        parts += _by(group, members)
    parts += _growth(it)
    return "\n".join([*parts, RULE, *_total(it)]) + "\n"


def sparkline(values: Sequence[int], width: int) -> str:
    """Values as a row of bars from 0 to the largest; where there are more than fit, each bar is the largest of several."""
    if not values:
        return ""
    each = -(-len(values) // width)
    peaks = [max(values[place : place + each]) for place in range(0, len(values), each)]
    most = max(peaks) or 1
    return "".join(_LEVELS[peak * (len(_LEVELS) - 1) // most] for peak in peaks)


def nanos_of(usd: str) -> int:
    """An amount of a document in nano-dollars; one that is below nothing too."""
    return -parse_usd(usd[1:]) if usd.startswith("-") else parse_usd(usd)


def _judged(it: RunReceiptView) -> Iterator[str]:
    outcome = it.outcome
    if outcome is None:
        return
    score = f", score {outcome.score:g}" if outcome.score is not None else ""
    by = f", says {outcome.by}" if outcome.by else ""
    note = f": {outcome.note}" if outcome.note else ""
    yield from told("came to ", f"{'success' if outcome.success else 'failure'}{score}{by}{note}")


def _by(group: str, parts: tuple[PartView, ...]) -> Iterator[str]:
    """Who had which part of it; nothing where all of it is nobody's."""
    if not any(part.name for part in parts):
        return
    yield f"by {group}"
    for part in parts[:MOST_NAMED]:
        yield _part(part.name or "(none)", (part,))
    if rest := parts[MOST_NAMED:]:
        yield _part(f"{len(rest):,} more", rest)


def _part(name: str, parts: Sequence[PartView]) -> str:
    """What these come to together, under one name."""
    shown = name if len(name) <= 24 else f"{name[:23]}…"
    attempts, taken_in, given_out = (
        sum(getattr(part, field) for part in parts) for field in ("attempts", "input_tokens", "output_tokens")
    )
    nanos = sum(nanos_of(part.cost_usd) for part in parts)
    return two(f"  {shown:<24}{attempts:>6,} ×{taken_in:>13,} in{given_out:>10,} out", dollars(nanos))


def _growth(it: RunReceiptView) -> Iterator[str]:
    """How the context grew, and what a turn cost."""
    turns = [turn for turn in it.turns if turn.input_tokens or turn.output_tokens]
    if len(turns) < 2:
        return
    inputs = [turn.input_tokens for turn in turns]
    yield from told("context  ", sparkline(inputs, WIDTH - 9))
    yield f"         {inputs[0]:,} → {inputs[-1]:,} tokens in, at most {max(inputs):,}"
    dearest = max(turns, key=lambda turn: nanos_of(turn.cost_usd))
    yield two("a turn cost about", dollars(nanos_of(it.cost_usd) // len(turns)))
    yield two(f"  the dearest, {dearest.call}", dollars(nanos_of(dearest.cost_usd)))


def _total(it: RunReceiptView) -> Iterator[str]:
    naive, nanos = nanos_of(it.naive_usd), nanos_of(it.cost_usd)
    yield from from_naive(naive, [Saving(saving.cause, nanos_of(saving.usd)) for saving in it.savings])
    yield from _others(it)
    yield two("total", dollars(nanos_of(it.total_usd)))
    if share := saved_share(naive, nanos):
        yield share
    if it.open:
        yield f"{count(it.open, 'attempt')} still open: the cost is held and not in the total"
    if it.unpriced:
        yield f"{count(it.unpriced, 'attempt')} without a known price, not in the total"


def _others(it: RunReceiptView) -> Iterator[str]:
    """What it cost beside its calls. What cost nothing is a note, like what its tools did, and has no amount."""
    for cost in it.other_costs[:MOST_NAMED]:
        note = f": {cost.note}" if cost.note else ""
        nanos = nanos_of(cost.cost_usd)
        yield two(f"  {cost.kind}{note}"[: WIDTH - 24], dollars(nanos)) if nanos else f"  {cost.kind}{note}"[:WIDTH]
    if rest := it.other_costs[MOST_NAMED:]:
        yield two(f"  {count(len(rest), 'more cost')}", dollars(sum(nanos_of(cost.cost_usd) for cost in rest)))
    if any(nanos_of(cost.cost_usd) for cost in it.other_costs):
        yield two("its calls", dollars(nanos_of(it.cost_usd)))
