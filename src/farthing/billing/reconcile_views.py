"""A reconciliation as plain values for programs."""

import msgspec

from farthing.billing.decimals import usd_of
from farthing.billing.reconcile import Difference, Reconciliation
from farthing.domain.money import usd


class FigureView(msgspec.Struct, frozen=True, kw_only=True):
    """One figure on both sides; `cost` in dollars, the others whole numbers, all as text."""

    name: str
    ours: str
    theirs: str
    off_percent: float
    """Of the larger side."""


class ComparedView(msgspec.Struct, frozen=True, kw_only=True):
    """One model."""

    model: str | None
    """None: the export tells no models apart."""
    verdict: str
    words: str
    figures: tuple[FigureView, ...]


class ReconciliationView(msgspec.Struct, frozen=True, kw_only=True):
    """A month of one provider on both sides."""

    month: str
    provider: str
    shape: str
    records: int
    agrees: bool
    open_attempts: int
    estimated_usd: str
    tools_usd: str
    """What paid tools cost here in that month: no part of what a provider of models bills, and not compared."""
    other_usd: str
    """What else was booked beside models in that month; the same holds."""
    models: tuple[ComparedView, ...]


def reconciliation_view(found: Reconciliation) -> ReconciliationView:
    """Amounts are decimal strings of dollars."""
    return ReconciliationView(
        month=found.month,
        provider=found.provider,
        shape=found.shape,
        records=found.records,
        agrees=found.agrees,
        open_attempts=found.open_attempts,
        estimated_usd=usd(found.estimated_nanos),
        tools_usd=usd(found.tools_nanos),
        other_usd=usd(found.other_nanos),
        models=tuple(
            ComparedView(
                model=compared.model or None,
                verdict=compared.verdict,
                words=compared.words,
                figures=tuple(_figure(each) for each in compared.figures),
            )
            for compared in found.models
        ),
    )


def _figure(each: Difference) -> FigureView:
    money = each.name == "cost"
    return FigureView(
        name=each.name,
        ours=usd_of(each.ours) if money else str(each.ours),
        theirs=usd_of(each.theirs) if money else str(each.theirs),
        off_percent=round(float(each.share) * 100, 3),
    )
