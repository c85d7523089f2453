"""A run's receipt as text: what it used and cost, by whom, and what it came to."""

from collections.abc import Iterator

from farthing.accounts.run_view import PartView, RunReceiptView

WIDTH = 78
_RULE = "─" * WIDTH
_MOST_PARTS = 6
"""Steps, agents or models that are named; the rest stands in one line."""


class RunReceipt:
    """`run.receipt`: printed it is a page of text; `document` is the same as values, and `usd` what it all came to."""

    def __init__(self, document: RunReceiptView) -> None:
        self.document = document

    @property
    def usd(self) -> str:
        """Models and everything beside them: a decimal string."""
        return self.document.total_usd

    def __str__(self) -> str:
        return "\n".join(_lines(self.document))

    def __repr__(self) -> str:
        return f"<RunReceipt {self.document.run}: ${self.usd}>"


def _lines(it: RunReceiptView) -> Iterator[str]:
    refused = f", {it.refused:,} refused" if it.refused else ""
    opened = f", {it.open:,} of unknown cost" if it.open else ""
    yield f"{it.run}: {_count(it.calls, 'call')}{refused}{opened}"
    yield from _outcome(it)
    for line in it.lines:
        yield _two(f"  {line.kind.replace('_', ' '):<22}{line.tokens:>12,}", _from_picos(line.picos))
    for group, parts in (("step", it.by_step), ("agent", it.by_agent), ("model", it.by_model)):
        if any(part.name for part in parts):
            yield from _by(group, parts)
    for cost in it.other_costs[:_MOST_PARTS]:
        note = f" ({cost.note})" if cost.note else ""
        yield _two(f"  {cost.kind}{note}"[: WIDTH - 20], f"${cost.cost_usd}")
    if len(it.other_costs) > _MOST_PARTS:
        yield f"  and {len(it.other_costs) - _MOST_PARTS:,} more costs beside models"
    yield _RULE
    if it.savings:
        yield _two("as it was asked, nothing cached", f"${it.naive_usd}")
    yield _two("total", f"${it.total_usd}")
    if it.unpriced:
        yield f"{_count(it.unpriced, 'answer')} of a model without a price; it is not in the total"


def _outcome(it: RunReceiptView) -> Iterator[str]:
    if it.outcome is not None:
        score = "" if it.outcome.score is None else f", score {it.outcome.score:g}"
        note = f": {it.outcome.note}" if it.outcome.note else ""
        yield f"  {'succeeded' if it.outcome.success else 'failed'}{score}{note}"


def _by(group: str, parts: tuple[PartView, ...]) -> Iterator[str]:
    yield f"by {group}"
    for part in parts[:_MOST_PARTS]:
        used = f"{part.input_tokens:>12,} in {part.output_tokens:>10,} out"
        yield _two(f"  {(part.name or '(none)')[:22]:<22}{used}", f"${part.cost_usd}")
    if len(parts) > _MOST_PARTS:
        yield f"  and {len(parts) - _MOST_PARTS:,} more"


def _from_picos(picos: int) -> str:
    """Pico-dollars as dollars, with all their decimals."""
    whole, part = divmod(picos, 10**12)
    return f"${whole:,}.{part:012d}".rstrip("0").rstrip(".")


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _two(left: str, right: str) -> str:
    """Two columns: an amount at the right edge."""
    return f"{left}{' ' * max(1, WIDTH - len(left) - len(right))}{right}"
