"""What `farthing serve` says when it starts: where it listens, what holds, and the lines to paste."""

from collections.abc import Iterator

from farthing.config.convert import providers_of
from farthing.config.engine import Engine
from farthing.config.store import MEMORY
from farthing.config.wiring import budgets_in_force
from farthing.domain.budget import Budget
from farthing.domain.refusal import amount_text
from farthing.ports.directory import Stored

MOST_LINES = 8


def banner(engine: Engine, url: str, stored: Stored, places: tuple[str, ...] = ()) -> str:
    """The whole of it. `places` are where the dashboard is, if not at `url` alone. Secrets appear as where they come from."""
    settings = engine.settings
    lines = [f"Farthing is listening on {url}", ""]
    lines += _section("settings", [settings.file or "the environment"])
    place = settings.store.url.removeprefix("sqlite:///")
    lines += _section("store", ["memory: gone when it stops" if settings.store.url == MEMORY else place])
    lines += _section("providers", [*_providers(engine)] or ["none: every call will be refused"])
    budgets = [_budget(budget) for budget in budgets_in_force(settings, stored)]
    lines += _section("budgets", budgets or ["none: spending is recorded and not limited"])
    lines += _section("keys", [_keys(engine)])
    lines += _section("dashboard", [f"{place}/" for place in places or (url,)])
    lines += _section("warnings", [str(warning) for warning in settings.warnings])
    lines += ["", "Point a client here:", *_exports(engine, url)]
    return "\n".join(lines) + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    shown = lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        shown.append(f"and {len(lines) - MOST_LINES} more")
    return [f"  {title if place == 0 else '':<10} {line}" for place, line in enumerate(shown)]


def _providers(engine: Engine) -> Iterator[str]:
    for provider in providers_of(engine.settings):
        key = f"key from {provider.api_key.origin}" if provider.api_key else "the caller's own key"
        yield f"{provider.name} at {provider.base_url} ({key})"


def _budget(budget: Budget) -> str:
    amounts = " and ".join(f"{amount_text(unit, amount)} {unit.value.upper()}" for unit, amount in budget.limits)
    each = f", each {budget.each}" if budget.each else ""
    match = ", ".join(f"{name}={value}" for name, value in budget.match)
    return f"{budget.name}: {amounts} per {budget.window}{each}{f' for {match}' if match else ''}"


def _keys(engine: Engine) -> str:
    names = sorted({key.name for key in engine.keys.values() if key.digest})
    if not engine.keys:
        return "none: callers on this machine need no key, others are refused"
    if not names:
        return "all revoked: every caller is refused; `farthing keys new NAME` makes one"
    return f"{len(names)}: {', '.join(names[:MOST_LINES])}{', …' if len(names) > MOST_LINES else ''}"


def _exports(engine: Engine, url: str) -> Iterator[str]:
    formats = {provider.format for provider in engine.rules.providers}
    if "openai" in formats:
        yield f"  export OPENAI_BASE_URL={url}/v1"
    if "anthropic" in formats:
        yield f"  export ANTHROPIC_BASE_URL={url}"
    if "gemini" in formats:
        yield f"  export GOOGLE_GEMINI_BASE_URL={url}"
    if engine.keys:
        yield "  export OPENAI_API_KEY=fk_…    # one of the keys above; ANTHROPIC_API_KEY for the other client"
