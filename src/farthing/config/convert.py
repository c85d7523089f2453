"""Settings as the core's own values: budgets, keys, and the providers that can be used."""

from farthing.accounts.secrets import digest
from farthing.config.settings import Budget as BudgetSettings
from farthing.config.settings import File, Provider
from farthing.config.settings import Key as KeySettings
from farthing.domain.budget import Act, Budget, Threshold, Unit
from farthing.domain.currency import Currency, Rates
from farthing.domain.key import Key


def budgets_of(settings: File) -> tuple[Budget, ...]:
    """The budgets of the file, in its order."""
    return tuple(_budget(budget) for budget in settings.budgets)


def keys_of(settings: File) -> tuple[Key, ...]:
    """The keys of the file, in its order. Only digests of their secrets go on from here."""
    return tuple(_key(key) for key in settings.keys)


def providers_of(settings: File) -> tuple[Provider, ...]:
    """The providers, in the file's order."""
    return settings.providers


def limits_of(budget: BudgetSettings) -> tuple[tuple[Unit, int], ...]:
    """What a budget limits, money first."""
    named = (
        (money_of(budget), None if budget.limit is None else budget.limit.amount),
        (Unit.TOKENS, budget.tokens),
        (Unit.INPUT_TOKENS, budget.input_tokens),
        (Unit.OUTPUT_TOKENS, budget.output_tokens),
        (Unit.CALLS, budget.calls),
    )
    return tuple((unit, amount) for unit, amount in named if amount is not None)


def money_of(budget: BudgetSettings) -> Unit:
    """The currency of a budget's money: as it says, else that of its amounts, else dollars."""
    if budget.currency is not None:
        return budget.currency
    said = budget.limit or budget.per_call
    return Unit.USD if said is None else said.unit


def rates_of(settings: File) -> Rates:
    """The rates of other currencies."""
    return Rates(Currency(Unit(each.code.lower()), each.rates, each.max_age_days) for each in settings.currencies)


def _soft(budget: BudgetSettings) -> tuple[Threshold, ...]:
    steps = sorted(budget.soft, key=lambda step: step.at_millionths)
    return tuple(Threshold(step.at_millionths, tuple(map(Act, step.do))) for step in steps)


def _budget(budget: BudgetSettings) -> Budget:
    return Budget(
        name=budget.name,
        match=budget.match,
        each=budget.each,
        limits=limits_of(budget),
        window=budget.window,
        tz=budget.tz,
        hard=budget.hard,
        floor=budget.floor,
        wait_seconds=budget.wait_seconds,
        unknown=budget.unknown or ("charge_seen" if budget.hard == "off" else "charge_hold"),
        bound=budget.bound,
        soft=_soft(budget),
        per_call=None if budget.per_call is None else budget.per_call.amount,
        per_output=budget.per_output,
        approve_wait_seconds=budget.approve_wait_seconds,
        land_output=budget.land_output,
        money=money_of(budget),
        was=budget.was or "",
        source="file",
    )


def _key(key: KeySettings) -> Key:
    return Key(
        id=key.name,
        name=key.name,
        digest=digest(key.secret.reveal()),
        labels=key.labels,
        may_set=key.may_set,
        require=key.require,
        max_values=key.max_values,
        rights=key.rights,
        source="file",
    )
