"""The configuration in plain words: what `farthing check` says back."""

from collections.abc import Iterator

from farthing.alerts.watch import Watched
from farthing.config.admin_checks import admin_lines
from farthing.config.alert_rules import said_rules
from farthing.config.auditing import audit_lines
from farthing.config.billing import billing_lines
from farthing.config.convert import budgets_of, limits_of
from farthing.config.guard_words import guard_lines
from farthing.config.settings import Budget, Key, Provider, Settings
from farthing.config.telemetry_checks import telemetry_lines
from farthing.domain.budget import Unit
from farthing.domain.money import usd
from farthing.domain.record import Labels

_NOUNS = {
    Unit.TOKENS: "token",
    Unit.INPUT_TOKENS: "input token",
    Unit.OUTPUT_TOKENS: "output token",
    Unit.CALLS: "call",
}


def explain(settings: Settings) -> str:
    """The whole of it, ending in the warnings. Secrets appear as where they come from."""
    parts = [
        _section("Where", _where(settings)),
        _section("Providers", map(_provider, settings.providers), "none: every call will be refused"),
        _section("Budgets", map(_budget, settings.budgets), "none: spending is recorded and not limited"),
        _section("Keys", map(_key, settings.keys), "none: callers on this machine need no key; others are refused"),
        _section("Guards", guard_lines(settings), "none: no rates are limited, and loops are not looked for"),
        _section(
            "Alerts",
            map(_alert, said_rules(settings, budgets_of(settings))),
            "none: what stops somebody's work is told to the log",
        ),
        _section("Admin side", admin_lines(settings)),
        _section("Telemetry", telemetry_lines(settings)),
        _section("Billing", billing_lines(settings)),
        _section("Audit", audit_lines(settings)),
        _section("Warnings", map(str, settings.warnings), "none"),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: Iterator[str], nothing: str = "") -> str:
    return "\n".join([title, *(f"  {line}" for line in list(lines) or [nothing])])


def _where(settings: Settings) -> Iterator[str]:
    yield f"settings from {settings.file}" if settings.file else "no file: settings from the environment and defaults"
    yield f"accounts and records in {settings.store.url}"
    host = settings.gateway.host
    yield f"listens on {f'[{host}]' if ':' in host else host}:{settings.gateway.port}"
    output = settings.output
    yield (
        f"a call that names no cap gets {output.default_cap:,} output tokens, "
        f"{output.reasoning_cap:,} where it reasons; never more than its budget can pay"
    )
    if settings.prices:
        yield f"{len(settings.prices)} price{'s' if len(settings.prices) > 1 else ''} of your own"


def _provider(provider: Provider) -> str:
    takes = (
        f"takes {', '.join(provider.models)}"
        if provider.models
        else f"takes any model asked in {provider.format}'s format"
    )
    key = f"key from {provider.api_key.origin}" if provider.api_key else "passes on the caller's own key"
    return f"{provider.name}: {provider.format} at {provider.base_url}; {takes}; {key}"


def _budget(budget: Budget) -> str:
    amounts = " and ".join(_amount(unit, amount) for unit, amount in limits_of(budget))
    most = f"at most {amounts} {_window(budget)}" if amounts else "limits single calls"
    each = f" for each {budget.each}" if budget.each else ""
    whose = f"calls with {_spoken(budget.match)}" if budget.match else "all calls"
    return f"{budget.name}: {'; '.join((f'{most}{each}, over {whose}', *_beside(budget), _end(budget)))}"


def _beside(budget: Budget) -> Iterator[str]:
    """Limits of single calls, and what happens before the limit."""
    if budget.per_call is not None:
        yield f"one call costs at most {_amount(budget.per_call.unit, budget.per_call.amount)}"
    if budget.per_output is not None:
        yield f"one call says at most {_amount(Unit.OUTPUT_TOKENS, budget.per_output)}"
    for step in budget.soft:
        yield f"from {step.at_millionths / 10_000:g} % {' and '.join(step.do)}"


def _end(budget: Budget) -> str:
    if budget.hard == "off":
        return "counted only, never refused"
    waits = f"what does not fit waits up to {budget.wait_seconds:g} s"
    if budget.hard == "approve":
        return f"{waits}, then {budget.approve_wait_seconds:g} s for somebody's approval, then is refused"
    return f"{waits}, then is refused"


def _amount(unit: Unit, amount: int) -> str:
    if unit.currency:
        return f"{usd(amount)} {unit.currency}"
    return f"{amount:,} {_NOUNS[unit]}{'' if amount == 1 else 's'}"


def _window(budget: Budget) -> str:
    match budget.window:
        case "lifetime":
            return "in all"
        case "run":
            return "in each run"
        case "hour" | "day" | "week" | "month":
            return f"in each {budget.window} ({budget.tz})"
        case _:
            return f"in any {budget.window.removeprefix('rolling:')}"


def _key(key: Key) -> str:
    bound = f"carries {_spoken(key.labels)}" if key.labels else "carries no labels"
    may = f"callers may set {', '.join(key.may_set)}" if key.may_set else "callers choose nothing"
    must = f" and must give {', '.join(key.require)}" if key.require else ""
    return f"{key.name}: {bound}; {may}{must}; secret from {key.secret.origin}; may {' and '.join(key.rights)}"


def _alert(watched: Watched) -> str:
    return f"{watched.rule.text}: told to {', '.join(address.label for address in watched.to)}"


def _spoken(labels: Labels) -> str:
    return ", ".join(f"any {name}" if value == "*" else f"{name}={value}" for name, value in labels)
