"""Budgets as alerts see them: how full each account is, and where it will be when its window closes."""

from collections.abc import Iterable, Iterator

import msgspec

from farthing.alerts.crossing import CALM_TENTHS, judged
from farthing.alerts.facts import Known
from farthing.alerts.rule import PPM, Metric, Rule, Scale
from farthing.alerts.words import moment, percent
from farthing.domain.budget import AccountKey, Act, Budget, Standing, Unit, Window
from farthing.domain.refusal import amount_text
from farthing.ports.alerts import Reading

HOUR_MS = 3_600_000
_RUN = "run:"


class Limited(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of one budget in force, and the windows that are open now."""

    budget: str
    """Its name."""
    accounts: str
    """What its accounts are called: an older name, where it was renamed."""
    unit: Unit
    limit: int
    windows: tuple[Window, ...]
    """Empty where each run has its own."""
    rolling: bool = False
    """Its windows overlap: the fullest counts, and none of them turns."""
    raised: tuple[tuple[AccountKey, int], ...] = ()
    """What grants add, on the very accounts they were given to."""

    def of(self, account: AccountKey) -> int:
        """The limit of one account."""
        return self.limit + sum(amount for raised, amount in self.raised if raised == account)


def spent_shares(rule: Rule, limits: Iterable[Limited], known: Known) -> tuple[Reading, ...]:
    """How full each account is: what was spent, unknown outcomes included, of its limit. Money only held is not spent."""
    found: list[Reading] = []
    for limited in _wanted(rule, limits):
        at_least = max(1, limited.limit * rule.threshold * CALM_TENTHS // (10 * PPM))
        names = tuple(window.name for window in limited.windows)
        standings = known.accounts(limited.accounts, limited.unit, names, at_least)
        found += (_share(rule, limited, standing) for standing in _binding(limited, standings))
    return tuple(found)


def forecasts(rule: Rule, limits: Iterable[Limited], known: Known) -> tuple[Reading, ...]:
    """Where each account will be when its window closes, at the pace so far, as a share of its limit.

    Only calendar windows close. A pace is known once a tenth of the window is over, or an hour in which a tenth of the
    limit was spent: a month's first busy minutes say nothing about the month.
    """
    found: list[Reading] = []
    for limited in _wanted(rule, limits):
        if limited.rolling or not limited.windows or not limited.windows[-1].closes_ms:
            continue
        window = limited.windows[-1]
        elapsed, length = known.now_ms - window.opens_ms, window.closes_ms - window.opens_ms
        if elapsed <= 0:
            continue
        at_least = max(1, limited.limit * rule.threshold * CALM_TENTHS * elapsed // (10 * PPM * length))
        for standing in known.accounts(limited.accounts, limited.unit, (window.name,), at_least):
            limit = limited.of(standing.account)
            early = elapsed * 10 < length and (elapsed < HOUR_MS or _spent(standing) * 10 < limit)
            if limit > 0 and not early:
                found.append(_forecast(rule, limited, standing, elapsed, window))
    return tuple(found)


def complaint(rule: Rule, limits: Iterable[Limited]) -> str:
    """Why this rule can never say anything about the budgets in force, and what to do; "" where it can."""
    of_name = list(_wanted(rule, limits))
    if not of_name:
        return f"no budget {rule.budget!r} limits anything" if rule.budget else "no budget limits anything"
    if rule.metric is Metric.BURN_RATE and not any(_closes(limited) for limited in of_name):
        return "no window of an hour, day, week or month is limited; only those have an end to forecast"
    return ""


def subject_of(budget: str, account: AccountKey) -> str:
    """`support, monthly of bob, tokens`: whatever sets this account apart from the budget's others."""
    name = budget + _whom(account)
    return name if account.unit.currency else f"{name}, {_unit(account.unit)}"


def soft_rules(budgets: Iterable[Budget]) -> tuple[Rule, ...]:
    """The rules that budgets' own soft thresholds ask for: `{ at = 0.8, do = ["alert"] }` is `budget "name" >= 80%`."""
    return tuple(
        Rule(
            text=f'budget "{budget.name}" >= {percent(threshold.at_millionths).replace(" ", "")}',
            metric=Metric.BUDGET,
            scale=Scale.SHARE,
            threshold=threshold.at_millionths,
            inclusive=True,
            budget=budget.name,
        )
        for budget in budgets
        for threshold in budget.soft
        if Act.ALERT in threshold.acts
    )


def _wanted(rule: Rule, limits: Iterable[Limited]) -> Iterator[Limited]:
    return (one for one in limits if rule.budget in ("", one.budget) and one.limit > 0)


def _closes(limited: Limited) -> bool:
    return not limited.rolling and bool(limited.windows) and limited.windows[-1].closes_ms > 0


def _binding(limited: Limited, standings: tuple[Standing, ...]) -> Iterable[Standing]:
    """One for each value and run: of overlapping windows, the fullest."""
    if not limited.rolling:
        return standings
    fullest: dict[str, Standing] = {}
    for standing in sorted(standings, key=lambda one: PPM * _spent(one) // limited.of(one.account)):
        fullest[standing.account.value] = standing
    return fullest.values()


def _share(rule: Rule, limited: Limited, standing: Standing) -> Reading:
    limit, spent = limited.of(standing.account), _spent(standing)
    share = spent * PPM // limit
    detail = f"the budget {limited.budget!r}{_whom(standing.account)} has spent {_of(standing, limit)} ({percent(share)}){_until(standing.closes_ms)}"
    window = "" if limited.rolling else standing.account.window
    return judged(rule, subject_of(limited.budget, standing.account), share, window=window, detail=detail)


def _forecast(rule: Rule, limited: Limited, standing: Standing, elapsed: int, window: Window) -> Reading:
    limit, spent, length = limited.of(standing.account), _spent(standing), window.closes_ms - window.opens_ms
    share = spent * length * PPM // (elapsed * limit)
    unit = standing.account.unit
    detail = (
        f"the budget {limited.budget!r}{_whom(standing.account)} has spent {_of(standing, limit)} in {percent(elapsed * PPM // length)} of its window; "
        f"at this pace it comes to {amount_text(unit, _rounded(unit, spent * length // elapsed))} {_unit(unit)} "
        f"({percent(share)}) by {moment(window.closes_ms)}"
    )
    return judged(rule, subject_of(limited.budget, standing.account), share, window=window.name, detail=detail)


def _spent(standing: Standing) -> int:
    return standing.posted + standing.unknown


def _whom(account: AccountKey) -> str:
    """` of bob in run r17`, as far as the account is one value's or one run's."""
    run = f" in run {account.window.removeprefix(_RUN)}" if account.window.startswith(_RUN) else ""
    return (f" of {account.value}" if account.value else "") + run


def _of(standing: Standing, limit: int) -> str:
    unit = standing.account.unit
    return f"{amount_text(unit, _spent(standing))} of {amount_text(unit, limit)} {_unit(unit)}"


def _unit(unit: Unit) -> str:
    return unit.currency or unit.value.replace("_", " ")


def _until(closes_ms: int) -> str:
    return f"; its window closes {moment(closes_ms)}" if closes_ms else ""


def _rounded(unit: Unit, amount: int) -> int:
    """A forecast to the cent: more digits would only pretend."""
    return amount // 10_000_000 * 10_000_000 if unit.currency and amount >= 10_000_000 else amount
