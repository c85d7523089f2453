"""Reports over HTTP: exact sums of what was used by any label, and what the price book says of a model."""

import asyncio
from datetime import datetime
from pathlib import Path

import msgspec

from farthing.accounts.attribution import LABEL_NAME
from farthing.config.values import Surroundings, seconds
from farthing.domain.errors import BadRequest
from farthing.domain.money import PICOS_PER_USD
from farthing.domain.money import usd as dollars
from farthing.domain.price import PriceCard, Rates, Tier, Unpriced
from farthing.domain.usage import Usage
from farthing.gateway.admin.endpoint import Asked, Endpoint
from farthing.gateway.admin.shown import at
from farthing.ports.records import UsageRow

MOST_GROUPS = 6
_APIECE = ("web_search", "request")


class UsageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sums."""

    by: str = "model"
    """Labels, or model, provider, key, outcome, day; several with commas between."""
    since: str = "7d"
    """A moment like `2026-11-01T00:00:00Z`, or how long ago, like `7d`."""
    until: str = ""
    """The same; now if not given."""


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one group."""

    group: dict[str, str]
    calls: int
    refused: int
    attempts: int
    usage: Usage
    cost_usd: str
    estimated_usd: str
    """The part of `cost_usd` that a policy charged."""
    unpriced: int
    open: int
    """Attempts whose cost is not in the sums yet."""


class UsageReport(msgspec.Struct, frozen=True, kw_only=True):
    """Exact sums of calls that arrived in `since <= t < until`."""

    since: datetime
    until: datetime
    by: tuple[str, ...]
    rows: tuple[UsageLine, ...]


class PriceTier(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a whole request of more input than `above_input_tokens`."""

    tier: str
    above_input_tokens: int
    usd_per_million_tokens: dict[str, str]
    usd_each: dict[str, str]
    """Of web searches and requests."""


class PriceView(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs now, `[[prices]]` of the configuration included."""

    provider: str
    model: str
    book: str
    tiers: tuple[PriceTier, ...]


async def report_usage(asked: Asked) -> UsageReport:
    engine, query = asked.engine, asked.query
    by = _groups(query.by)
    now = engine.now_ms()
    since_ms = _when(query.since, now, "since")
    until_ms = _when(query.until, now, "until") if query.until else now + 1
    await engine.ledger.flush()
    rows = await asyncio.to_thread(lambda: engine.records.usage(by=by, since_ms=since_ms, until_ms=until_ms))
    return UsageReport(since=at(since_ms), until=at(until_ms), by=by, rows=tuple(_line(by, row) for row in rows))


async def show_price(asked: Asked) -> PriceView:
    """Raises BadRequest 404 where nobody knows."""
    engine, model = asked.engine, asked.named["model"]
    provider, slash, rest = model.partition("/")
    configured = {each.name: each.format for each in engine.rules.providers}
    hints = tuple(filter(None, (provider, configured.get(provider, "")))) if slash else ()
    card = engine.rules.book.find(rest or model, *hints, at_ms=engine.now_ms())
    if isinstance(card, Unpriced):
        raise BadRequest(
            f"{card.reason}; name its price under [[prices]] in farthing.toml",
            field="path",
            status=404,
            code="unpriced_model",
        )
    return price_view(card)


def price_view(card: PriceCard) -> PriceView:
    """A card in dollars."""
    tiers = tuple(_tier(name or "standard", tier) for name, every in card.variants.items() for tier in every)
    return PriceView(provider=card.provider, model=card.model, book=card.book, tiers=tiers)


def _tier(name: str, tier: Tier) -> PriceTier:
    known = {meter: getattr(tier.rates, meter) for meter in Rates.__struct_fields__}
    known = {meter: picos for meter, picos in known.items() if picos is not None}
    return PriceTier(
        tier=name,
        above_input_tokens=tier.above,
        usd_per_million_tokens={
            meter: _exact(picos * 1_000_000) for meter, picos in known.items() if meter not in _APIECE
        },
        usd_each={meter: _exact(picos) for meter, picos in known.items() if meter in _APIECE},
    )


def _exact(picos: int) -> str:
    """Pico-dollars as a decimal string of dollars."""
    whole, part = divmod(picos, PICOS_PER_USD)
    return f"{whole}.{part:012d}".rstrip("0").rstrip(".")


def _groups(text: str) -> tuple[str, ...]:
    by = tuple(name.strip() for name in text.split(",") if name.strip())
    if not by or len(by) > MOST_GROUPS or len(set(by)) != len(by):
        raise BadRequest(f"by names 1 to {MOST_GROUPS} different groups, like team,model", field="by")
    for name in by:
        if LABEL_NAME.fullmatch(name) is None:
            raise BadRequest(f"{name[:40]!r} is neither a label nor model, provider, key, outcome or day", field="by")
    return by


def _when(text: str, now_ms: int, field: str) -> int:
    """A moment in milliseconds since 1970, told as such or as a time ago. Raises BadRequest 400."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        told = None
    try:
        if told is not None and told.tzinfo is not None:
            ms = int(told.timestamp() * 1_000)
        else:
            ms = now_ms - int(seconds(text, Surroundings({}, Path())) * 1_000)
        at(ms)
    except (ValueError, OverflowError, OSError):
        message = f"{text[:40]!r} is neither a moment with its zone, like 2026-11-01T00:00:00Z, nor a time like 7d"
        raise BadRequest(message, field=field) from None
    return ms


def _line(by: tuple[str, ...], row: UsageRow) -> UsageLine:
    return UsageLine(
        group=dict(zip(by, row.group, strict=True)),
        calls=row.calls,
        refused=row.refused,
        attempts=row.attempts,
        usage=row.usage,
        cost_usd=dollars(row.cost_nanos),
        estimated_usd=dollars(row.estimated_nanos),
        unpriced=row.unpriced,
        open=row.open,
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/reports/usage",
        summary="Who spent what: exact sums",
        answer=report_usage,
        query=UsageQuery,
        gives=UsageReport,
    ),
    Endpoint(
        method="GET", path="/prices/{model*}", summary="What a model costs now", answer=show_price, gives=PriceView
    ),
)
