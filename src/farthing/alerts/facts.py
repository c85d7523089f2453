"""The facts of one round: what several rules want to know is asked for once."""

from farthing.domain.budget import Standing, Unit
from farthing.ports.alerts import Context, Facts, Happening, Sums


class Known:
    """Answers of one moment. `now_ms` is that moment, in milliseconds since 1970; nothing here asks twice."""

    def __init__(self, facts: Facts, now_ms: int) -> None:
        self.now_ms = now_ms
        self._facts = facts
        self._accounts: dict[tuple[str, Unit, tuple[str, ...], int], tuple[Standing, ...]] = {}
        self._sums: dict[tuple[str, int, int], tuple[Sums, ...] | None] = {}
        self._contexts: dict[int, tuple[Context, ...]] = {}
        self._happenings: dict[tuple[str, int], tuple[Happening, ...]] = {}

    def accounts(self, budget: str, unit: Unit, windows: tuple[str, ...], at_least: int) -> tuple[Standing, ...]:
        asked = (budget, unit, windows, at_least)
        if asked not in self._accounts:
            self._accounts[asked] = self._facts.accounts(*asked)
        return self._accounts[asked]

    def sums(self, by: str, since_ms: int, until_ms: int) -> tuple[Sums, ...] | None:
        asked = (by, since_ms, until_ms)
        if asked not in self._sums:
            self._sums[asked] = self._facts.sums(*asked)
        return self._sums[asked]

    def contexts(self, since_ms: int) -> tuple[Context, ...]:
        if since_ms not in self._contexts:
            self._contexts[since_ms] = self._facts.contexts(since_ms, self.now_ms)
        return self._contexts[since_ms]

    def happenings(self, kind: str, since_ms: int) -> tuple[Happening, ...]:
        asked = (kind, since_ms)
        if asked not in self._happenings:
            self._happenings[asked] = self._facts.happenings(*asked)
        return self._happenings[asked]
