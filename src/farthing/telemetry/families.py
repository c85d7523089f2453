"""The metrics: what the tally and the present moment say, as families of points that Prometheus and OTLP both render."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from farthing.domain.money import NANOS_PER_USD
from farthing.domain.usage import Usage
from farthing.telemetry import names
from farthing.telemetry.tally import FIRST_SECONDS, SECONDS, TOKENS, Kind, Series, Spread, Tally

Labels = tuple[tuple[str, str], ...]

COUNTER, GAUGE, NET, HISTOGRAM = "counter", "gauge", "net", "histogram"
"""`net` is a sum that may fall: a gauge to Prometheus, a sum that is not monotonic to OpenTelemetry."""


class Point(msgspec.Struct, frozen=True):
    """One series of a family at one moment."""

    labels: Labels
    value: int | float | Spread


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One metric."""

    name: str
    """As OpenTelemetry writes it, without the ending that Prometheus adds."""
    help: str
    kind: str
    unit: str = "1"
    points: tuple[Point, ...]
    bounds: Sequence[float] = ()
    of_process: bool = False
    """Summed since this process began; everything else is of the ledger, whoever reads it."""
    alias: bool = False
    """An older name of the same thing: told by OTLP, where tools look for it, and left out of `/metrics`."""


KINDS = Usage.__struct_fields__
_GEN_AI = (
    ("input_tokens", "gen_ai.client.inference.usage.input_tokens"),
    ("output_tokens", "gen_ai.client.inference.usage.output_tokens"),
    ("cache_read_input_tokens", "gen_ai.client.inference.usage.cache_read.input_tokens"),
    ("cache_write_input_tokens", "gen_ai.client.inference.usage.cache_write.input_tokens"),
    ("reasoning_output_tokens", "gen_ai.client.inference.usage.reasoning.output_tokens"),
)


def of_tally(tally: Tally) -> Iterator[Family]:
    """Everything that is summed from records."""
    yield from _money(tally)
    yield from _calls(tally)
    yield from _gen_ai_usage(tally)
    yield from _gen_ai_calls(tally)
    yield from _tools(tally)


def _money(tally: Tally) -> Iterator[Family]:
    spent = [(_ours(tally, series), one) for series, one in sorted(tally.spent.items())]

    def family(name: str, help: str, field: str, unit: str = "{nanodollar}") -> Family:
        points = tuple(Point(labels, getattr(one, field)) for labels, one in spent)
        return Family(name=name, help=help, kind=COUNTER, unit=unit, points=points)

    yield family("farthing.cost.nanodollars", "Cost as first settled, in nano-dollars: exact", "cost_nanos")
    yield Family(
        name="farthing.cost.usd",
        help="The same cost in dollars, for people",
        kind=COUNTER,
        unit="USD",
        points=tuple(Point(labels, one.cost_nanos / NANOS_PER_USD) for labels, one in spent),
    )
    yield family("farthing.cost.estimated.nanodollars", "The part of the cost that a policy charged", "estimated_nanos")
    yield Family(
        name="farthing.cost.corrections.nanodollars",
        help="What operators corrected later: cost and corrections together are the ledger",
        kind=NET,
        unit="{nanodollar}",
        points=(Point((), tally.corrected_nanos),),
    )
    yield family(
        "farthing.naive.nanodollars",
        "What the same tokens would have cost as they were asked for, uncached",
        "naive_nanos",
    )
    yield Family(
        name="farthing.saved.nanodollars",
        help="Naive cost minus cost: below nothing where it cost extra",
        kind=NET,
        unit="{nanodollar}",
        points=tuple(Point(labels, one.naive_nanos - one.cost_nanos) for labels, one in spent),
    )
    yield family(
        "farthing.attempts", "Requests that may have reached a provider, by their end", "attempts", "{attempt}"
    )
    yield family("farthing.attempts.unpriced", "Those whose cost nobody knows", "unpriced", "{attempt}")
    yield family("farthing.overruns", "Attempts in which a provider broke a cap or a bound", "overruns", "{attempt}")
    yield Family(
        name="farthing.tokens",
        help="Tokens by kind; input and output are totals, the others are parts of them",
        kind=COUNTER,
        unit="{token}",
        points=tuple(
            Point((*labels, ("kind", kind)), count)
            for labels, one in spent
            for kind, count in zip(KINDS, one.tokens, strict=True)
            if count
        ),
    )


def _calls(tally: Tally) -> Iterator[Family]:
    ended = sorted(tally.ended.items())
    yield Family(
        name="farthing.calls",
        help="Calls that are over, by outcome",
        kind=COUNTER,
        unit="{call}",
        points=_added(((*_ours(tally, series), ("outcome", outcome)), calls) for (series, outcome, _), calls in ended),
    )
    yield Family(
        name="farthing.refused",
        help="Calls that were refused, by code",
        kind=COUNTER,
        unit="{call}",
        points=_added(
            ((*_ours(tally, series), ("code", code)), calls)
            for (series, outcome, code), calls in ended
            if outcome == "refused"
        ),
    )


def _gen_ai_usage(tally: Tally) -> Iterator[Family]:
    for kind, name in _GEN_AI:
        place = KINDS.index(kind)
        yield Family(
            name=name,
            help=f"{kind.replace('_', ' ').capitalize()} that were billed",
            kind=COUNTER,
            unit="{token}",
            points=_added(
                ((*_theirs(tally, series), ("gen_ai.token.modality", "unknown")), one.tokens[place])
                for series, one in sorted(tally.spent.items())
                if (one.tokens[place] or kind in {"input_tokens", "output_tokens"}) and not _of_tool(series)
            ),
        )


def _gen_ai_calls(tally: Tally) -> Iterator[Family]:
    ended = [(_kind(kind), one) for kind, one in sorted(tally.spreads.items()) if not _of_tool(kind)]
    spreads = (
        ("gen_ai.client.inference.duration", "Time of whole calls, as their clients saw it", "s", "seconds", SECONDS),
        ("gen_ai.client.inference.time_to_first_chunk", "Time to the first piece of a stream", "s", "first_seconds", FIRST_SECONDS),
        ("gen_ai.client.inference.operation.input_tokens", "Input tokens of single calls", "{token}", "input_tokens", TOKENS),
        ("gen_ai.client.inference.operation.output_tokens", "Output tokens of single calls", "{token}", "output_tokens", TOKENS),
    )  # fmt: skip
    for name, said, unit, field, bounds in spreads:
        yield _spread(name, said, unit, bounds, [(labels, getattr(one, field)) for labels, one in ended])
    durations = [(labels, one.seconds) for labels, one in ended]
    yield _spread("gen_ai.client.operation.duration", "Older name", "s", SECONDS, durations, alias=True)
    by_type = [
        (((*labels, ("gen_ai.token.type", kind))), spread)
        for labels, one in ended
        for kind, spread in (("input", one.input_tokens), ("output", one.output_tokens))
    ]
    yield _spread("gen_ai.client.token.usage", "Older name", "{token}", TOKENS, by_type, alias=True)


def _tools(tally: Tally) -> Iterator[Family]:
    """Tools are no inference: their names are apart."""
    ran = [
        ((("gen_ai.operation.name", operation), ("gen_ai.tool.name", tool), ("error.type", error)), one.seconds)
        for (operation, _, tool, error), one in sorted(tally.spreads.items())
        if operation == names.EXECUTE_TOOL
    ]
    yield _spread("gen_ai.execute_tool.duration", "Time of tools that cost money", "s", SECONDS, ran)


def _of_tool(series: Sequence[str]) -> bool:
    """Of a series or a kind: both begin with the operation."""
    return series[0] == names.EXECUTE_TOOL


def _spread(
    name: str,
    help: str,
    unit: str,
    bounds: Sequence[float],
    found: Sequence[tuple[Labels, Spread]],
    *,
    alias: bool = False,
) -> Family:
    points = tuple(Point(labels, spread) for labels, spread in found if spread.count)
    return Family(name=name, help=help, kind=HISTOGRAM, unit=unit, points=points, bounds=bounds, alias=alias)


def _added(points: Iterable[tuple[Labels, int]]) -> tuple[Point, ...]:
    """One point for each set of labels: what falls together is summed."""
    sums: dict[Labels, int] = {}
    for labels, value in points:
        sums[labels] = sums.get(labels, 0) + value
    return tuple(Point(labels, value) for labels, value in sums.items())


def _ours(tally: Tally, series: Series) -> Labels:
    operation, provider, model, *values = series
    found = (("operation", operation), ("provider", provider), ("model", model))
    return found + tuple(zip(tally.labels, values, strict=True))


def _theirs(tally: Tally, series: Series) -> Labels:
    operation, provider, model, *values = series
    labels = zip(tally.labels, values, strict=True)
    return _named(operation, provider, model) + tuple((f"farthing.label.{name}", value) for name, value in labels)


def _kind(kind: Kind) -> Labels:
    operation, provider, model, error = kind
    return (*_named(operation, provider, model), ("error.type", error))


def _named(operation: str, provider: str, model: str) -> Labels:
    return (
        ("gen_ai.operation.name", operation),
        ("gen_ai.provider.name", names.provider_of(provider) or "unknown"),
        ("gen_ai.request.model", model),
    )
