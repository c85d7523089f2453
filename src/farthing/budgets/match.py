"""Which accounts a call touches: budgets matched by labels, one account for each value and window."""

import msgspec

from farthing.budgets.window import WindowClock
from farthing.domain.budget import NOBODY, OTHERS, Budget, Window
from farthing.domain.currency import DOLLARS, NoRate, Rate, Rates
from farthing.domain.labels import matches
from farthing.domain.record import Labels

FOREVER_MS = 2**63 - 1
RUN_COUNTS_MS = 3_600_000
"""How long a value under a `run` window counts towards a key's `max_values`: such a window never closes by itself."""
_MOST_REMEMBERED = 8_192


class Touch(msgspec.Struct, frozen=True):
    """One budget that a call is charged to."""

    budget: Budget
    value: str
    """The value of the budget's `each` label; "" where it has none."""
    windows: tuple[Window, ...]
    rate: Rate | NoRate = DOLLARS
    """What its money is in dollars, for as long as this touch holds."""


class Values:
    """How many values of a label each key has brought into being under each budget; the rest share `(other)`.

    A value counts until the last of its windows closes. Kept in memory and handed on when budgets are reloaded: after a
    restart a key may make `max_values` again, so this bounds the number of accounts, never the money in one.
    """

    __slots__ = ("_alive",)

    def __init__(self) -> None:
        self._alive: dict[tuple[str, str, str], dict[str, int]] = {}

    def admit(self, maker: tuple[str, str, str], value: str, *, now_ms: int, until_ms: int, most: int) -> str:
        """The value itself, or `(other)` where its maker (key, budget, label) has `most` others alive at `now_ms`."""
        alive = self._alive.setdefault(maker, {})
        if value not in alive and len(alive) >= most:
            for name in [name for name, until in alive.items() if until <= now_ms]:
                del alive[name]
            if len(alive) >= most:
                return OTHERS
        alive[value] = until_ms
        return value


class Resolver:
    """Finds the accounts of a call among a frozen set of budgets. Time never goes back here, whatever the clock does."""

    __slots__ = ("_budgets", "_clock", "_known", "_rates", "_telling", "now_ms", "values")

    def __init__(self, budgets: tuple[Budget, ...], values: Values | None = None, rates: Rates | None = None) -> None:
        """`values` are those of the resolver this one replaces, so that a reload forgets none."""
        self._budgets = budgets
        self._rates = rates or Rates()
        self._telling = telling_labels(budgets)
        self._clock = WindowClock()
        self._known: dict[tuple[str, Labels], tuple[int, tuple[Touch, ...]]] = {}
        self.now_ms = 0
        """The latest moment for which windows were looked for. None that had closed by then is ever used again."""
        self.values = Values() if values is None else values

    def accounts(
        self, labels: Labels, trusted: frozenset[str] | None, *, at_ms: int, key: str = "", max_values: int = 1_000
    ) -> tuple[Touch, ...]:
        """Every budget this call is charged to, in the order of the budgets.

        `trusted` are the labels that may choose budgets, None for all (keyless mode); the others are ignored. `key` is
        the key's name, which `max_values` holds for; "" has no such bound. The same tuple is returned until one of its
        windows closes or one of its rates ends.
        """
        return self.found(labels, trusted, at_ms=at_ms, key=key, max_values=max_values)[1]

    def found(
        self, labels: Labels, trusted: frozenset[str] | None, *, at_ms: int, key: str, max_values: int
    ) -> tuple[int, tuple[Touch, ...]]:
        """Until when `accounts` are right, and which they are. Right from `now_ms` on, as it stands afterwards."""
        now_ms = self.now_ms
        if at_ms > now_ms:
            now_ms = self.now_ms = at_ms
        choosing = self._telling if trusted is None else self._telling & trusted
        telling = tuple([pair for pair in labels if pair[0] in choosing])
        known = self._known.get((key, telling))
        if known is not None and now_ms < known[0]:
            return known
        touches = self._resolve(dict(telling), key, max_values)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        until_ms = min((self._holds_until(touch) for touch in touches), default=FOREVER_MS)
        found = self._known[key, telling] = (until_ms, touches)
        return found

    def _resolve(self, labels: dict[str, str], key: str, max_values: int) -> tuple[Touch, ...]:
        return tuple(
            self._touch(budget, labels, key, max_values) for budget in self._budgets if matches(budget.match, labels)
        )

    def _touch(self, budget: Budget, labels: dict[str, str], key: str, max_values: int) -> Touch:
        run = labels.get("run", "") if budget.window == "run" else ""
        if run and key:
            maker, until_ms = (key, budget.name, "run"), self.now_ms + RUN_COUNTS_MS
            run = self.values.admit(maker, run, now_ms=self.now_ms, until_ms=until_ms, most=max_values)
        windows = self._clock.at(budget.window, budget.tz, self.now_ms, run)
        rate = self._rates.at(budget.money, self.now_ms)
        if not budget.each:
            return Touch(budget, "", windows, rate)
        value = labels.get(budget.each, NOBODY)
        if key and value != NOBODY:
            maker, until_ms = (key, budget.name, budget.each), self._until(budget, windows[-1])
            value = self.values.admit(maker, value, now_ms=self.now_ms, until_ms=until_ms, most=max_values)
        return Touch(budget, value, windows, rate)

    def _holds_until(self, touch: Touch) -> int:
        return min(self._until(touch.budget, touch.windows[0]), touch.rate.until_ms)

    def _until(self, budget: Budget, window: Window) -> int:
        if budget.window == "run":
            return self.now_ms + RUN_COUNTS_MS
        return window.closes_ms or FOREVER_MS


def telling_labels(budgets: tuple[Budget, ...]) -> frozenset[str]:
    """The names of all labels that decide anything about these budgets."""
    names = {name for budget in budgets for name, _ in budget.match}
    names |= {budget.each for budget in budgets if budget.each}
    return frozenset(names | {"run" for budget in budgets if budget.window == "run"})
