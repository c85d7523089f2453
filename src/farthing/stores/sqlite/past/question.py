"""A question to the past: groups, time and conditions."""

from collections.abc import Callable
from typing import NamedTuple

from farthing.domain.record import Labels
from farthing.stores.sqlite.past.known import PARTS_OF_WHAT, TIMES, Found, turn_of

SINGLE = frozenset({"run", "step"})
"""Labels that no sums are kept by: groups of these go over the calls themselves."""

Group = tuple[str, ...]
RunSpan = Callable[[str], tuple[int, int]]
"""From the first to behind the last call of a run."""


class Question(NamedTuple):
    """What is asked."""

    by: Group
    since_ms: int
    until_ms: int
    where: Labels
    only: frozenset[Group] | None = None
    """Groups that are looked at; None: all."""

    @property
    def names(self) -> set[str]:
        return {*self.by, *(name for name, _ in self.where)}

    @property
    def labels(self) -> set[str]:
        """Those it names, and perhaps the key."""
        return self.names - {*PARTS_OF_WHAT, *TIMES}

    @property
    def of_single(self) -> bool:
        return bool(self.names & SINGLE)

    def narrowed(self, run_span: RunSpan) -> "Question":
        """The same about no more time than it can be about."""
        since_ms, until_ms = max(self.since_ms, 0), self.until_ms
        for name, value in self.where:
            if name in TIMES or (name == "run" and value):
                first_ms, end_ms = turn_of(name, value) if name in TIMES else run_span(value)
                since_ms, until_ms = max(since_ms, first_ms), min(until_ms, end_ms)
        return self._replace(since_ms=since_ms, until_ms=until_ms)

    def wants(self, found: Found) -> bool:
        fits = not self.where or all(found.value(name) == value for name, value in self.where if name not in TIMES)
        return fits and (self.only is None or self.group(found) in self.only)

    def group(self, found: Found) -> Group:
        return tuple(found.value(name) for name in self.by)
