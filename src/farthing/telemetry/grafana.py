"""The Grafana dashboard that reads `/metrics` by way of Prometheus: shipped, printed, and imported as it is."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files

_NAME = re.compile(r"\b(?:farthing|gen_ai)_[a-z_]+")
_PARTS_OF_HISTOGRAMS = re.compile(r"_(?:bucket|count|sum)$")


def document() -> str:
    """The dashboard as JSON, as Grafana's import takes it."""
    return (files(__package__) / "grafana.json").read_text(encoding="utf-8")


def queries() -> Iterator[str]:
    """Every PromQL expression in it."""
    for panel in json.loads(document())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def metrics_used() -> frozenset[str]:
    """The metrics its queries name; a histogram by its own name."""
    named = (name for query in queries() for name in _NAME.findall(query))
    return frozenset(_PARTS_OF_HISTOGRAMS.sub("", name) for name in named)
