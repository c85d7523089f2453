"""Runs, piece by piece: what one of them did in a stretch of time, and pieces put together."""

from collections.abc import Callable, Iterable

import msgspec

from farthing.stores.sqlite.sums.tally import ATTEMPTED, INPUT, Pair, What, added, without_run


class Part(msgspec.Struct, array_like=True, gc=False):
    """What a run did in some stretch of time."""

    first_id: int
    """Of its first call; its labels and key are those of the run."""
    first_ms: int
    last_ms: int
    key: str
    labels: str
    tried: int
    """The first attempt; 0 where there is none."""
    what: What
    """Of the first attempt, else of the first call."""
    prompt_id: int
    """The first call that has a prompt version; 0 where there is none."""
    prompt: str
    models: tuple[str, ...]
    """Those that may have been reached, sorted."""
    largest_input_tokens: int
    sums: tuple[int, ...]


read_part = msgspec.json.Decoder(Part).decode
write_part = msgspec.json.Encoder().encode

PromptOf = Callable[[int], str]
"""The prompt version of a call; "" where it has none."""


class RunTally:
    """Parts of all runs, by name."""

    def __init__(self, prompt_of: PromptOf) -> None:
        self._prompt_of = prompt_of
        self.parts: dict[str, Part] = {}

    def add(self, pair: Pair) -> None:
        """In whatever order."""
        labels, run = without_run(pair.labels)
        if not run:
            return
        part = _part(pair, labels)
        known = self.parts.get(run)
        if known is None or not known.prompt or pair.call < known.prompt_id:
            part.prompt = self._prompt_of(pair.call)
            part.prompt_id = pair.call if part.prompt else 0
        self.parts[run] = part if known is None else together((known, part))


def together(parts: Iterable[Part]) -> Part:
    """One part of several, in whatever order. Raises ValueError for none."""
    every = tuple(parts)
    first = min(every, key=lambda part: part.first_id)
    tried = min((part for part in every if part.tried), key=lambda part: part.tried, default=first)
    prompted = min((part for part in every if part.prompt), key=lambda part: part.prompt_id, default=first)
    sums: tuple[int, ...] | None = None
    for part in every:
        sums = added(sums, part.sums)
    assert sums is not None
    return Part(
        first_id=first.first_id,
        first_ms=min(part.first_ms for part in every),
        last_ms=max(part.last_ms for part in every),
        key=first.key,
        labels=first.labels,
        tried=tried.tried,
        what=tried.what,
        prompt_id=prompted.prompt_id,
        prompt=prompted.prompt,
        models=tuple(sorted({model for part in every for model in part.models})),
        largest_input_tokens=max(part.largest_input_tokens for part in every),
        sums=sums,
    )


def _part(pair: Pair, labels: str) -> Part:
    sums = pair.sums
    return Part(
        first_id=pair.call,
        first_ms=pair.arrived_ms,
        last_ms=pair.arrived_ms,
        key=pair.key,
        labels=labels,
        tried=pair.attempt,
        what=pair.what,
        prompt_id=0,
        prompt="",
        models=(pair.what.model,) if sums[ATTEMPTED] else (),
        largest_input_tokens=sums[INPUT],
        sums=sums,
    )
