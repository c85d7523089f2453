"""Budgets that a caller can avoid, and keys that no budget limits: what `farthing check` warns of."""

import msgspec

from farthing.domain.budget import Budget
from farthing.domain.key import Key
from farthing.domain.labels import fits


class Gap(msgspec.Struct, frozen=True):
    """One way past the limits. `budget` or `key` is "" where the gap is not about one."""

    budget: str
    key: str
    message: str


def avoidable(budgets: tuple[Budget, ...], keys: tuple[Key, ...]) -> tuple[Gap, ...]:
    """Every gap between these budgets and keys, budgets first. Budgets with `hard = "off"` only count: no gap to them."""
    budgets = tuple(budget for budget in budgets if budget.enforced)
    if not keys:
        return tuple(_keyless(budget) for budget in budgets if budget.match)
    callers = tuple(key for key in keys if "call" in key.rights and not key.revoked_ms)
    found = [gap for budget in budgets for gap in _gaps_of(budget, budgets, callers)]
    return (*found, *(gap for key in callers if (gap := _unlimited(key, budgets)) is not None))


def certain(budget: Budget, key: Key) -> bool:
    """True where every call with this key is charged to this budget, whatever labels its caller sends."""
    return all(_must_match(name, pattern, key) for name, pattern in budget.match)


def possible(budget: Budget, key: Key) -> bool:
    """True where a call with this key can be charged to this budget."""
    bound = dict(key.labels)
    return all(fits(pattern, bound[name]) if name in bound else name in key.may_set for name, pattern in budget.match)


def _gaps_of(budget: Budget, budgets: tuple[Budget, ...], callers: tuple[Key, ...]) -> list[Gap]:
    reached = [key for key in callers if possible(budget, key)]
    if not reached:
        return [Gap(budget.name, "", f"the budget {budget.name!r} limits nothing: no key can carry its labels")]
    gaps = [_way_around(budget, key) for key in reached if not certain(budget, key)]
    return gaps + [gap for key in reached if (gap := _many(budget, key, budgets)) is not None]


def _way_around(budget: Budget, key: Key) -> Gap:
    name, pattern = next(pair for pair in budget.match if not _must_match(*pair, key))
    if pattern == "*":
        way, mend = f"leave out `{name}`", f'add require = ["{name}"] to the key, or bind `{name}` in its labels'
    else:
        way, mend = f"leave out or change `{name}`", f"bind `{name}` in the key's labels"
    return Gap(
        budget.name, key.name, f"callers with the key {key.name!r} can avoid {budget.name!r}: they may {way}; {mend}"
    )


def _many(budget: Budget, key: Key, budgets: tuple[Budget, ...]) -> Gap | None:
    """A caller that names the value itself has as many of these budgets as values, unless another budget bounds the sum."""
    chosen = [name for name in _dividing(budget) if name in key.may_set and name not in dict(key.labels)]
    bounded = any(certain(other, key) and not _dividing(other) for other in budgets)
    if not chosen or bounded:
        return None
    return Gap(
        budget.name,
        key.name,
        f"callers with the key {key.name!r} choose `{chosen[0]}` themselves and so have up to {key.max_values:,} of "
        f"{budget.name!r} at a time; add a budget without `each` that bounds them together",
    )


def _dividing(budget: Budget) -> tuple[str, ...]:
    """Labels whose every value has money of its own."""
    run = ("run",) if budget.window == "run" else ()
    return (budget.each, *run) if budget.each else run


def _unlimited(key: Key, budgets: tuple[Budget, ...]) -> Gap | None:
    if any(possible(budget, key) for budget in budgets):
        return None
    return Gap(
        "", key.name, f"calls with the key {key.name!r} are limited by no budget; bind labels that a budget matches"
    )


def _keyless(budget: Budget) -> Gap:
    names = " and ".join(f"`{name}`" for name, _ in budget.match)
    return Gap(
        budget.name,
        "",
        f"callers can avoid {budget.name!r}: no keys are defined, so each caller chooses {names} itself; "
        "add [[keys]] that bind them",
    )


def _must_match(name: str, pattern: str, key: Key) -> bool:
    bound = dict(key.labels)
    if name in bound:
        return fits(pattern, bound[name])
    return pattern == "*" and name in key.may_set and name in key.require
