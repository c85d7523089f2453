"""Where recorded traffic comes from: which shape a file has, and its calls."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from farthing.domain.record import Labels
from farthing.pricing.book import PriceBook
from farthing.replay import traces
from farthing.replay.lines import BadLine, Line, lines_of
from farthing.replay.logs import Logged, is_log
from farthing.replay.recorded import Recorded

FORMATS = ("auto", "log", "mooncake", "azure")
TRACES = ("mooncake", "azure")


def calls_in(
    files: Iterable[Path], *, format: str, model: str, prices: PriceBook, labels: Labels = ()
) -> Iterator[Recorded]:
    """The calls of these files, one after another. `model` is what the calls of a trace asked for; `labels` are given to
    calls that a trace has no labels for. Raises BadLine."""
    lines = chain.from_iterable(map(lines_of, files))
    first = next(lines, None)
    if first is None:
        return
    shape = sniffed(first) if format == "auto" else format
    every = chain((first,), lines)
    if shape == "log":
        yield from Logged(prices).calls(every)
    else:
        yield from traces.Billed(model, prices, labels=labels).calls(_rows(every, shape))


def sniffed(line: Line) -> str:
    """What shape the first line has. Raises BadLine where it has none that is known."""
    if traces.is_mooncake(line.fields):
        return "mooncake"
    if traces.is_azure(line.fields):
        return "azure"
    if is_log(line):
        return "log"
    known = ", ".join(FORMATS[1:])
    raise line.bad(f"has no shape that is known; say which it is with --format ({known})")


def _rows(lines: Iterable[Line], format: str) -> Iterator[tuple[str, traces.TraceRow]]:
    read = traces.mooncake if format == "mooncake" else traces.azure
    for line in lines:
        try:
            yield line.origin, read(line.whole())
        except ValueError as error:
            raise BadLine(line.file, line.number, str(error)) from error
