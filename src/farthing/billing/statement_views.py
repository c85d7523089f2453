"""Statements as plain values for programs and as rows of a table. Amounts are decimal strings."""

from collections.abc import Iterable, Iterator

import msgspec

from farthing.billing.month import stamp
from farthing.billing.statement import CORRECTION, DIRECT, SHARED, Item, Statement
from farthing.domain.money import usd

NOBODY = "(shared)"
"""What shared costs are filed under that nobody bears."""


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """One amount of a statement."""

    kind: str
    """`direct`, `shared` or `correction`."""
    labels: dict[str, str]
    model: str
    other: str | None
    """The kind of a cost beside models, like `search`."""
    corrects: str | None
    """The month that is corrected."""
    requests: int
    tokens: int
    amount: str


class StatementView(msgspec.Struct, frozen=True, kw_only=True):
    """What one team pays for one month, in `currency`."""

    month: str
    team: str
    account: str
    issuer: str
    currency: str
    closed_at: str | None
    """None: the month is open and may still change."""
    digest: str | None
    direct: str
    shared: str
    corrections: str
    other: str
    """The part of the total that is costs beside models."""
    total: str
    total_usd: str
    open_attempts: int
    """Of all teams: their cost is not in it yet."""
    unpriced_attempts: int
    """Of this team: nobody knows what they cost."""
    items: tuple[ItemView, ...]


def statement_view(statement: Statement) -> StatementView:
    """A statement for programs."""
    closed = statement.closed
    names = statement.terms.names[1:]
    return StatementView(
        month=statement.month,
        team=statement.team or NOBODY,
        account=statement.terms.account,
        issuer=statement.terms.issuer,
        currency=statement.unit.currency,
        closed_at=None if closed is None else stamp(closed.closed_ms),
        digest=None if closed is None else closed.digest,
        direct=usd(statement.sum_of(DIRECT)),
        shared=usd(statement.sum_of(SHARED)),
        corrections=usd(statement.sum_of(CORRECTION)),
        other=usd(statement.other_nanos),
        total=usd(statement.total_nanos),
        total_usd=usd(statement.usd_nanos),
        open_attempts=statement.open_attempts,
        unpriced_attempts=statement.unpriced,
        items=tuple(_item_view(names, item) for item in statement.items),
    )


def _item_view(names: tuple[str, ...], item: Item) -> ItemView:
    return ItemView(
        kind=item.kind,
        labels={name: value for name, value in zip(names, item.labels, strict=False) if value},
        model=item.model,
        other=item.other or None,
        corrects=item.month or None,
        requests=item.requests,
        tokens=item.tokens,
        amount=usd(item.nanos),
    )


def statement_rows(every: Iterable[Statement]) -> Iterator[tuple[str, ...]]:
    """All items of several statements as one table, its head first."""
    head: tuple[str, ...] = ()
    for statement in every:
        names = statement.terms.names[1:]
        if not head:
            head = ("month", "team", "kind", *names, "model", "other", "corrects")
            yield (*head, "requests", "tokens", "amount", "currency")
        for item in statement.items:
            labels = item.labels or ("",) * len(names)
            counts = str(item.requests), str(item.tokens)
            yield (
                statement.month,
                statement.team or NOBODY,
                item.kind,
                *labels,
                item.model,
                item.other,
                item.month,
                *counts,
                usd(item.nanos),
                statement.unit.currency,
            )
