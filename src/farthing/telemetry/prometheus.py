"""Families as the text that Prometheus scrapes, by its own library; nothing of the process is added."""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

from farthing.telemetry.families import COUNTER, HISTOGRAM, Family, Labels
from farthing.telemetry.tally import Spread

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def text(families: Iterable[Family]) -> bytes:
    """The exposition. Older names of the same thing are left out."""
    from prometheus_client import generate_latest  # noqa: PLC0415 - loaded with the first scrape

    return generate_latest(_Once(tuple(families)))  # type: ignore[arg-type]  # it asks for `collect` alone


class _Once:
    """What `generate_latest` reads: a registry of one moment."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self._families = families

    def collect(self) -> Iterator[object]:
        from prometheus_client.core import Metric  # noqa: PLC0415 - as above

        for family in self._families:
            if family.alias:
                continue
            name = name_of(family)
            kind = family.kind if family.kind in (COUNTER, HISTOGRAM) else "gauge"
            metric = Metric(name, family.help, kind)
            ending = "_total" if kind == COUNTER else ""
            for point in family.points:
                labels = _labels(point.labels)
                if isinstance(point.value, Spread):
                    for suffix, more, value in _of_spread(point.value, family.bounds):
                        metric.add_sample(name + suffix, {**labels, **more}, value)
                else:
                    metric.add_sample(name + ending, labels, point.value)
            yield metric


def name_of(family: Family) -> str:
    """What a family is called here, without the `_total` of a counter."""
    seconds = "_seconds" if family.unit == "s" and not family.name.endswith("seconds") else ""
    return _NOT_IN_NAMES.sub("_", family.name) + seconds


def _of_spread(spread: Spread, bounds: Iterable[float]) -> Iterator[tuple[str, dict[str, str], float]]:
    limits = (*(repr(float(bound)) for bound in bounds), "+Inf")
    for limit, count in zip(limits, accumulate(spread.counts), strict=True):
        yield "_bucket", {"le": limit}, count
    yield "_count", {}, spread.count
    yield "_sum", {}, spread.thousandths / 1_000


def _labels(labels: Labels) -> dict[str, str]:
    return {_NOT_IN_NAMES.sub("_", name): value for name, value in labels}
