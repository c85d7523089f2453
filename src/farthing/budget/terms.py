"""What the budgets of a call say together: its accounts, its floor, its patience, and which of them can refuse it."""

import msgspec

from farthing.budget.match import Touch
from farthing.domain.budget import AccountKey, Budget, Unit

Line = tuple[AccountKey, int]
"""An account and when its window closes."""

DEFAULT_FLOOR = 256
DEFAULT_WAIT_SECONDS = 20.0
_MOST_REMEMBERED = 20_000


class Terms(msgspec.Struct, frozen=True):
    """The same for every call of one caller until a window closes."""

    accounts: tuple[Line, ...]
    """One for each limited unit in each window of each budget."""
    enforced: Budget | None
    """The first budget that can refuse the call; None where all of them only count."""
    money: Budget | None
    """The first enforced budget that limits money."""
    strict: bool
    """One of the enforced budgets admits on bytes and exact counts only."""
    floor: int
    wait_ms: int
    """The shortest wait among the enforced budgets."""


class TermsBook:
    """Terms by the very tuple of touches that a resolver hands out again and again."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[Touch, ...], Terms]] = {}

    def of(self, touches: tuple[Touch, ...]) -> Terms:
        known = self._known.get(id(touches))
        if known is not None and known[0] is touches:
            return known[1]
        made = terms_of(touches)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[id(touches)] = touches, made  # keeping the tuple keeps its identity from being used again
        return made


def terms_of(touches: tuple[Touch, ...]) -> Terms:
    """Put the budgets of one call together."""
    enforced = [touch.budget for touch in touches if touch.budget.enforced]
    return Terms(
        accounts=tuple(
            (AccountKey(touch.budget.name, touch.value, unit, window.name), window.closes_ms)
            for touch in touches
            for unit, _ in touch.budget.limits
            for window in touch.windows
        ),
        enforced=enforced[0] if enforced else None,
        money=next((budget for budget in enforced if budget.limit(Unit.USD) is not None), None),
        strict=any(budget.bound == "strict" for budget in enforced),
        floor=max((budget.floor for budget in enforced), default=DEFAULT_FLOOR),
        wait_ms=int(min((budget.wait_seconds for budget in enforced), default=DEFAULT_WAIT_SECONDS) * 1_000),
    )
