"""Settings as the core's own values: budgets, keys, and the providers that can be used."""

from farthing.accounts.secrets import digest
from farthing.config.settings import Budget as BudgetSettings
from farthing.config.settings import File, Provider
from farthing.config.settings import Key as KeySettings
from farthing.domain.budget import Budget, Unit
from farthing.domain.key import Key

ACTIVE_FORMATS = ("openai", "anthropic")


def budgets_of(settings: File) -> tuple[Budget, ...]:
    """The budgets of the file, in its order."""
    return tuple(_budget(budget) for budget in settings.budgets)


def keys_of(settings: File) -> tuple[Key, ...]:
    """The keys of the file, in its order. Only digests of their secrets go on from here."""
    return tuple(_key(key) for key in settings.keys)


def providers_of(settings: File) -> tuple[Provider, ...]:
    """The providers whose format this version speaks, in the file's order."""
    return tuple(provider for provider in settings.providers if provider.format in ACTIVE_FORMATS)


def limits_of(budget: BudgetSettings) -> tuple[tuple[Unit, int], ...]:
    """What a budget limits, money first."""
    named = (
        (Unit.USD, budget.limit_nanos),
        (Unit.TOKENS, budget.tokens),
        (Unit.INPUT_TOKENS, budget.input_tokens),
        (Unit.OUTPUT_TOKENS, budget.output_tokens),
        (Unit.CALLS, budget.calls),
    )
    return tuple((unit, amount) for unit, amount in named if amount is not None)


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
