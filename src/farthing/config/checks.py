"""What no single setting can know of itself: duplicates, contradictions, ways around a budget, unsafe addresses."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from farthing.budgets.avoid import avoidable
from farthing.config.admin_checks import admin_problems, admin_warnings
from farthing.config.alert_checks import alert_problems, alert_warnings
from farthing.config.auditing import audit_problems, audit_warnings
from farthing.config.billing import billing_problems
from farthing.config.booked import is_apart
from farthing.config.convert import budgets_of, keys_of, limits_of, money_of
from farthing.config.guard_checks import guard_problems, guard_warnings
from farthing.config.lines import Path
from farthing.config.problems import Problem, undotted
from farthing.config.settings import Budget, Currency, File, Key, Provider
from farthing.config.telemetry_checks import telemetry_problems, telemetry_warnings
from farthing.domain.budget import Unit
from farthing.domain.errors import BadConfig
from farthing.pricing.contract import read_contracts
from farthing.pricing.regions import WHY

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_SECRET = 16
"""Letters of a key's secret. Digests of shorter ones could be guessed from a stolen store."""


def problems_of(settings: File) -> list[Problem]:
    """Everything that cannot be accepted."""
    found = [*_store(settings), *_twice(settings), *_prices(settings)]
    found += [*alert_problems(settings), *guard_problems(settings), *telemetry_problems(settings)]
    found += [*billing_problems(settings), *audit_problems(settings), *admin_problems(settings)]
    for index, budget in enumerate(settings.budgets):
        found += _budget(budget, ("budgets", index), settings)
    for index, key in enumerate(settings.keys):
        found += _key(key, ("keys", index))
    found += [problem for each in settings.currencies for problem in _currency(each)]
    for provider in settings.providers:
        found += _provider(provider, ("providers", provider.name), settings)
    return found


def warnings_of(settings: File) -> list[Problem]:
    """Everything that is accepted but deserves a look."""
    found = [warning for provider in settings.providers for warning in _doubts(provider, ("providers", provider.name))]
    if not settings.providers:
        found.append(Problem((), "no provider: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or write [providers.…]"))
    for index, budget in enumerate(settings.budgets):
        found += _idle_acts(budget, ("budgets", index, "soft"), settings)
    for index, key in enumerate(settings.keys):
        if key.secret.origin == "the file itself":
            found.append(Problem(("keys", index, "secret"), _WRITTEN_OUT))
    if settings.gateway.host not in LOOPBACK and not settings.keys:
        message = "without keys every caller but this machine is refused; add [[keys]] or `farthing keys new`"
        found.append(Problem(("gateway", "host"), message))
    found += admin_warnings(settings)
    return [
        *found,
        *alert_warnings(settings),
        *guard_warnings(settings),
        *telemetry_warnings(settings),
        *audit_warnings(settings),
        *_gaps(settings),
    ]


_ONLY_OWN_PRICES = "there only models that [[prices]] name have a price, and hard budgets in dollars refuse all others"
_WRITTEN_OUT = 'is written out in the file; "env:NAME" or "file:PATH" keeps it out of copies and backups'


def _store(settings: File) -> Iterator[Problem]:
    url = settings.store.url
    if url == "memory:":
        return
    scheme = url.partition("://")[0]
    if scheme in ("postgresql", "postgres", "redis"):
        yield Problem(("store", "url"), f"{scheme} is not active in this version; write sqlite:///farthing.db")
    elif not url.startswith("sqlite:///") or not url.removeprefix("sqlite:///").strip("/"):
        yield Problem(
            ("store", "url"), "must be like sqlite:///farthing.db (beside the caller) or sqlite:////var/lib/x.db"
        )


def _twice(settings: File) -> Iterator[Problem]:
    yield from _doubles(("budgets", "name"), [budget.name for budget in settings.budgets])
    yield from _doubles(("budgets", "was"), [budget.was or object() for budget in settings.budgets])
    yield from _doubles(("keys", "name"), [key.name for key in settings.keys])
    yield from _doubles(("keys", "secret"), [key.secret for key in settings.keys])


def _doubles(place: tuple[str, str], found: Sequence[object]) -> Iterator[Problem]:
    table, field = place
    first: dict[object, int] = {}
    for index, value in enumerate(found):
        if first.setdefault(value, index) != index:
            yield Problem((table, index, field), f"is the same as in {table}[{first[value]}]; each needs its own")


def _budget(budget: Budget, path: Path, settings: File) -> Iterator[Problem]:
    if not limits_of(budget) and budget.per_call is None and budget.per_output is None:
        yield Problem(path, 'limits nothing: give it limit = "500 USD", tokens, input_tokens, output_tokens or calls')
    yield from _money(budget, path, settings)
    yield from _soft(budget, path)
    if budget.was is not None and any(other.name == budget.was for other in settings.budgets):
        yield Problem((*path, "was"), f"{budget.was!r} is the name of a budget here: what it counts is its own")
    if budget.wait_seconds > 3_600:
        yield Problem((*path, "wait"), "is longer than an hour; no client waits that long")


def _money(budget: Budget, path: Path, settings: File) -> Iterator[Problem]:
    money = money_of(budget)
    for field, said in (("limit", budget.limit), ("per_call", budget.per_call)):
        if said is not None and said.unit is not money:
            yield Problem((*path, field), f"is in {said.unit.currency}, and the budget in {money.currency}")
    if money is not Unit.USD and all(each.code.upper() != money.currency for each in settings.currencies):
        code = money.currency
        field = "currency" if budget.currency is not None else "limit" if budget.limit is not None else "per_call"
        yield Problem((*path, field), f'no rates for {code}: add [currencies.{code}] rates = {{ "2026-11-01" = 1.08 }}')


def _currency(currency: Currency) -> Iterator[Problem]:
    if len(currency.code) != 3 or not currency.code.isascii() or not currency.code.isalpha():
        yield Problem(("currencies", currency.code), "is not the code of a currency; write three letters, like EUR")
    elif currency.code.upper() == "USD":
        yield Problem(("currencies", currency.code), "is what prices are in: a dollar is always a dollar; leave it out")


def _idle_acts(budget: Budget, path: Path, settings: File) -> Iterator[Problem]:
    """Acts that find nothing to act with."""
    acts = {act for step in budget.soft for act in step.do}
    if "downgrade" in acts and not settings.tiers:
        yield Problem(path, "downgrade finds no cheaper model: name some in [tiers], the cheapest tier first")
    if "compress" in acts:
        yield Problem(path, "compress is not active in this version: messages are sent as they are")


def _soft(budget: Budget, path: Path) -> Iterator[Problem]:
    at = [step.at_millionths for step in budget.soft]
    for index, step in enumerate(budget.soft):
        if not step.do:
            yield Problem((*path, "soft", index, "do"), "does nothing: name one or more actions")
        if at.index(step.at_millionths) != index:
            yield Problem((*path, "soft", index, "at"), "is named twice; put the actions of one threshold together")
        if budget.hard == "off" and {"land", "block", "approve"} & set(step.do):
            yield Problem((*path, "soft", index, "do"), 'refuses calls, and hard = "off" refuses none; remove one')


def _key(key: Key, path: Path) -> Iterator[Problem]:
    secret = key.secret.reveal()
    if len(secret) < SHORTEST_SECRET or not secret.isascii() or not secret.isprintable() or " " in secret:
        yield Problem(
            (*path, "secret"),
            f"must have at least {SHORTEST_SECRET} printable ASCII characters without spaces; "
            "`openssl rand -hex 32` makes a good one",
        )
    choosing = (*dict(key.labels), *key.may_set)
    for label in key.require:
        if label not in choosing:
            message = f"{label!r} can never be given: add it to may_set, or bind it in labels"
            yield Problem((*path, "require"), message)
    for label in key.may_set:
        if label in dict(key.labels):
            yield Problem((*path, "may_set"), f"{label!r} is bound in labels, so no caller can set it; remove one")


def _provider(provider: Provider, path: Path, settings: File) -> Iterator[Problem]:
    for model in provider.models:
        if not model or "*" in model[:-1]:
            yield Problem((*path, "models"), f"{model!r}: a `*` may stand only at the end of a model's name")
    url = urlsplit(provider.base_url)
    if url.hostname in LOOPBACK and url.port == settings.gateway.port:
        yield Problem(
            (*path, "base_url"),
            f"{provider.base_url} is this gateway itself: calls would go round in circles; name the real provider",
        )
    if provider.proxy is not None and not provider.proxy.reveal().startswith(("http://", "https://")):
        yield Problem((*path, "proxy"), "must be like http://proxy.example:3128")


def _doubts(provider: Provider, path: Path) -> Iterator[Problem]:
    if provider.api_key is not None and provider.api_key.origin == "the file itself":
        yield Problem((*path, "api_key"), _WRITTEN_OUT)
    url = urlsplit(provider.base_url)
    if url.scheme == "http" and url.hostname not in LOOPBACK and provider.api_key is not None:
        yield Problem((*path, "base_url"), "is not https: the key and all prompts can be read on the way")
    if is_apart(provider):
        yield Problem((*path, "base_url"), f"{url.hostname} is regional. {WHY}: {_ONLY_OWN_PRICES}")


def _prices(settings: File) -> Iterator[Problem]:
    """Each entry on its own first, so that every mistake is told; then all together, for those priced twice."""
    wrong = [problem for index, entry in enumerate(settings.prices) for problem in _contract([entry], index)]
    yield from wrong or _contract(list(settings.prices), 0)


def _contract(entries: list[dict[str, object]], first: int) -> Iterator[Problem]:
    try:
        read_contracts(entries)
    except BadConfig as error:
        _, index, *rest = undotted(error.field)
        assert isinstance(index, int)
        yield Problem(("prices", first + index, *rest), error.message.removeprefix(error.field).strip())


def _gaps(settings: File) -> list[Problem]:
    """Ways around the budgets of the file, for the keys of the file; keys and budgets in the store are not seen here."""
    budgets = [budget.name for budget in settings.budgets]
    keys = [key.name for key in settings.keys]
    return [
        Problem(("budgets", budgets.index(gap.budget)) if gap.budget else ("keys", keys.index(gap.key)), gap.message)
        for gap in avoidable(budgets_of(settings), keys_of(settings))
    ]
