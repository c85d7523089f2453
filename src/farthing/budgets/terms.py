"""What the budgets of a call say together: its accounts, its floor, its patience, and which of them can refuse it."""

import msgspec

from farthing.budgets.match import Touch
from farthing.budgets.thresholds import Watched, watched
from farthing.domain.budget import NOBODY, OTHERS, AccountKey, Budget, Unit
from farthing.domain.currency import NoRate, Rate

Line = tuple[AccountKey, int, int, int]
"""An account, when its window closes, and the fraction (times, over) that turns its unit's quantity into its base."""

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
    no_rate: tuple[Budget, str] | None
    """The first of them whose currency has no rate now, and why."""
    per_call: tuple[tuple[Budget, Rate], ...]
    """The budgets that limit what one call may cost."""
    per_output: int | None
    """The most output tokens of one call, all choices together."""
    renamed: tuple[tuple[str, str], ...]
    """Accounts that are called otherwise than their budget is now."""
    strict: bool
    """One of the enforced budgets admits on bytes and exact counts only."""
    floor: int
    wait_ms: int
    """The shortest wait among the enforced budgets."""
    soft: tuple[Watched, ...] = ()
    """The budgets that do something to calls before their limit; empty nearly always, and then nothing is looked at."""
    landing: tuple[tuple[AccountKey, int], ...] = ()
    """Accounts of the call's own run on which money for its last answer is kept, and for how many output tokens."""
    asks: tuple[Budget, ...] = ()
    """The budgets that ask a person where others refuse."""
    only_money: bool = False
    """Every account counts money."""

    def fraction_of(self, account: AccountKey) -> tuple[int, int]:
        """What turns pico-dollars into this account's base."""
        return next((times, over) for key, _, times, over in self.accounts if key == account)


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
    accounts = tuple(line for touch in touches for line in _lines(touch))
    return Terms(
        accounts=accounts,
        enforced=enforced[0] if enforced else None,
        money=next((budget for budget in enforced if _counts_money(budget)), None),
        no_rate=next(
            (
                (touch.budget, touch.rate.reason)
                for touch in touches
                if isinstance(touch.rate, NoRate) and touch.budget.enforced and _counts_money(touch.budget)
            ),
            None,
        ),
        per_call=tuple(
            (touch.budget, touch.rate)
            for touch in touches
            if touch.budget.enforced and touch.budget.per_call is not None and isinstance(touch.rate, Rate)
        ),
        per_output=min((most for budget in enforced if (most := budget.per_output) is not None), default=None),
        renamed=tuple((budget.was, budget.name) for budget in (touch.budget for touch in touches) if budget.was),
        strict=any(budget.bound == "strict" for budget in enforced),
        floor=max((budget.floor for budget in enforced), default=DEFAULT_FLOOR),
        wait_ms=int(min((budget.wait_seconds for budget in enforced), default=DEFAULT_WAIT_SECONDS) * 1_000),
        soft=tuple(found for touch in touches if (found := watched(touch.budget, _accounts(touch))) is not None),
        landing=tuple(
            (account, touch.budget.land_output)
            for touch in touches
            if _is_its_own(touch)
            for account in _accounts(touch)
        ),
        asks=tuple(touch.budget for touch in touches if touch.budget.hard == "approve"),
        only_money=all(account.unit.currency for account, _, _, _ in accounts),
    )


def _lines(touch: Touch) -> tuple[Line, ...]:
    budget = touch.budget
    return tuple(
        (AccountKey(budget.account_name, touch.value, unit, window.name), window.closes_ms, *fraction)
        for unit, _ in budget.limits
        if (fraction := _fraction(unit, touch.rate)) is not None
        for window in touch.windows
    )


def _accounts(touch: Touch) -> tuple[AccountKey, ...]:
    return tuple(line[0] for line in _lines(touch))


def _is_its_own(touch: Touch) -> bool:
    """Whether its accounts are those of one run, which the budget lands."""
    budget = touch.budget
    if budget.window != "run" or not budget.enforced or not budget.lands:
        return False
    return touch.windows[0].name not in {f"run:{NOBODY}", f"run:{OTHERS}"}


def _counts_money(budget: Budget) -> bool:
    return budget.per_call is not None or budget.limit(budget.money) is not None


def _fraction(unit: Unit, rate: Rate | NoRate) -> tuple[int, int] | None:
    """What turns a quantity of this unit into the account's base; None where no rate can."""
    if not unit.currency:
        return 1, 1
    return None if isinstance(rate, NoRate) else (rate.times, rate.over)
