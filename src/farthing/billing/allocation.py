"""Shared costs divided among teams, line by line, so that the parts of every line add up to it."""

from collections.abc import Iterable, Iterator

import msgspec

from farthing.billing.books import Bill
from farthing.billing.shares import divide
from farthing.domain.labels import fits
from farthing.ports.billing import BillLine, BillTerms

BILLION = 1_000_000_000
MILLION = 1_000_000


class Split(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a line was divided."""

    method: str
    """`direct`, `equal` or `weights`."""
    ratio_millionths: int
    origin_picos: int
    """What the whole line cost."""


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line, or the part of a shared line that one team bears."""

    line: BillLine
    team: str
    """Who bears it; "" where nobody does: it is shared and stays so."""
    picos: int
    list_picos: int
    quantity_billionths: int
    """Tokens, searches or requests, in billionths: a part of a line need not be whole."""
    requests: int
    split: Split | None = None


def parts_of(bill: Bill) -> tuple[Part, ...]:
    """Every line of a bill by who bears it, shared ones divided by the bill's own terms.

    What `direct` divides by is each team's own cost of this month, corrections aside: it is known when the month is over
    and never changes after it was told. Without any such cost, or any team, shared costs stay by themselves.
    """
    weights = weights_of(bill)
    return tuple(part for line in bill.lines for part in _parts(line, bill.terms, weights))


def is_shared(line: BillLine, terms: BillTerms) -> bool:
    """Whether a line is nobody's own: it has no team, or it matches what is shared."""
    if not line.labels[0]:
        return True
    match = terms.sharing.match
    labels = dict(zip(terms.names, line.labels, strict=True))
    return bool(match) and all(labels[name] and fits(pattern, labels[name]) for name, pattern in match)


def weights_of(bill: Bill) -> dict[str, int]:
    """Who bears how much of what is shared; empty where it is not divided."""
    sharing = bill.terms.sharing
    if sharing.by == "none":
        return {}
    if sharing.by == "weights":
        return {team: weight for team, weight in sorted(sharing.weights) if weight}
    own: dict[str, int] = {}
    for line in bill.lines:
        if not line.corrects and not is_shared(line, bill.terms):
            own[line.labels[0]] = own.get(line.labels[0], 0) + line.picos
    if sharing.by == "equal":
        return dict.fromkeys(sorted(own), 1)
    return {team: picos for team, picos in sorted(own.items()) if picos > 0}


def _parts(line: BillLine, terms: BillTerms, weights: dict[str, int]) -> Iterator[Part]:
    if not is_shared(line, terms):
        yield whole(line, line.labels[0])
    elif not weights:
        yield whole(line, "")
    else:
        yield from _divided(line, terms.sharing.by, weights)


def whole(line: BillLine, team: str) -> Part:
    """A line that one team bears alone."""
    return Part(
        line=line,
        team=team,
        picos=line.picos,
        list_picos=line.list_picos,
        quantity_billionths=line.quantity * BILLION,
        requests=line.requests,
    )


def _divided(line: BillLine, method: str, weights: dict[str, int]) -> Iterator[Part]:
    shares = tuple(weights.values())
    columns: Iterable[tuple[str, int, int, int, int]] = zip(
        weights,
        divide(line.picos, shares),
        divide(line.list_picos, shares),
        divide(line.quantity * BILLION, shares),
        divide(MILLION, shares),
        strict=True,
    )
    requests = line.requests
    for team, picos, list_picos, quantity, ratio in columns:
        split = Split(method=method, ratio_millionths=ratio, origin_picos=line.picos)
        yield Part(
            line=line,
            team=team,
            picos=picos,
            list_picos=list_picos,
            quantity_billionths=quantity,
            requests=requests,
            split=split,
        )
        requests = 0
