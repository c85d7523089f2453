"""Runs, piece by piece: what one of them did in a stretch of time, and pieces put together."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from farthing.stores.sqlite.sums.tally import ATTEMPTED, INPUT, Group, Pair, What, added, without_run


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

PromptsOf = Callable[[Sequence[int]], Mapping[int, str]]
"""The prompt versions of these calls; those that have none may be left out."""


class RunTally:
    """What calls came to, by run and by what sums are kept by: `add` whatever calls there are, in whatever order, then
    `learn` their prompts."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, What], Part] = {}
        self._prompts: dict[str, tuple[int, str]] = {}
        self._waiting: dict[str, list[int]] = {}

    def add(self, pair: Pair) -> None:
        labels, run = without_run(pair.labels)
        place = run, pair.key, labels, pair.what
        part = self._found.get(place)
        if part is None:
            self._found[place] = _part(pair, labels)
        else:
            _take_in(part, pair)
        if run:
            known = self._prompts.get(run)
            if known is None or pair.call < known[0]:
                self._waiting.setdefault(run, []).append(pair.call)

    def learn(self, prompts_of: PromptsOf) -> None:
        """The prompts of what was added since the last time. Of most runs the first call says it, so that one is looked
        at before others are; of those that never say it, ever more calls at once."""
        waiting, looks = {run: sorted(set(calls)) for run, calls in self._waiting.items()}, 1
        self._waiting = {}
        while waiting:
            prompts = prompts_of([call for calls in waiting.values() for call in calls[:looks]])
            for run, calls in tuple(waiting.items()):
                first = next((call for call in calls[:looks] if prompts.get(call)), None)
                if first is not None:
                    self._prompts[run] = first, prompts[first]
                if first is not None or len(calls) <= looks:
                    del waiting[run]
                else:
                    waiting[run] = calls[looks:]
            looks *= 4

    def parts(self) -> dict[str, Part]:
        """By run; calls of no run are in none."""
        found: dict[str, list[Part]] = {}
        for (run, *_), part in self._found.items():
            if run:
                found.setdefault(run, []).append(part)
        every = {run: together(some) for run, some in found.items()}
        for run, (call, prompt) in self._prompts.items():
            every[run].prompt_id, every[run].prompt = call, prompt
        return every

    def groups(self, start_ms: int) -> dict[Group, tuple[int, ...]]:
        """The sums of one span by what they are kept by."""
        groups: dict[Group, tuple[int, ...]] = {}
        for (_, key, labels, what), part in self._found.items():
            group = Group(start_ms, key, labels, what)
            groups[group] = added(groups.get(group), part.sums)
        return groups


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


def _take_in(part: Part, pair: Pair) -> None:
    """As `together` would, but of one call with the same key, labels and what."""
    part.first_id = min(part.first_id, pair.call)
    part.tried = min(part.tried, pair.attempt) or pair.attempt or part.tried
    part.first_ms = min(part.first_ms, pair.arrived_ms)
    part.last_ms = max(part.last_ms, pair.arrived_ms)
    if pair.sums[ATTEMPTED] and not part.models:
        part.models = (pair.what.model,)
    part.largest_input_tokens = max(part.largest_input_tokens, pair.sums[INPUT])
    part.sums = added(part.sums, pair.sums)


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
