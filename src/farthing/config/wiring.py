"""What settings and the store say together: the rules of calls, the keys, and the providers' doors."""

from urllib.parse import urlsplit

from farthing.accounts.secrets import index
from farthing.budgets.account import in_force
from farthing.budgets.match import Resolver, Values
from farthing.call.arrival import Headers, Provider
from farthing.call.rules import Rules
from farthing.config import settings as file
from farthing.config.convert import budgets_of, keys_of, providers_of, rates_of
from farthing.config.settings import Settings
from farthing.domain.budget import Budget
from farthing.domain.key import Key
from farthing.output.cap import Defaults
from farthing.ports.directory import Stored
from farthing.ports.history import CardOf
from farthing.ports.upstream import Upstream
from farthing.pricing.book import PriceBook
from farthing.pricing.facts import FactBook
from farthing.pricing.finder import card_finder
from farthing.providers.limits import Limits, Timeouts
from farthing.providers.pool import Pool

_KEY_HEADERS = {"anthropic": b"x-api-key", "gemini": b"x-goog-api-key"}
"""Where a format has its key, if not in `Authorization: Bearer`."""
_LOCKED = Key(id="", name="(none left)", digest="")
"""Matches no secret: the digest of a secret is never empty."""


def budgets_in_force(settings: Settings, stored: Stored) -> tuple[Budget, ...]:
    """The file's budgets and the stored ones. A file's name wins: the file is the source of truth for what it names."""
    return in_force(budgets_of(settings), stored.budgets)


def keys_in_force(settings: Settings, stored: Stored) -> dict[str, Key]:
    """Keys by what a caller presents. Empty: keyless mode. Revoked keys still end keyless mode, so that revoking the
    last key locks the door instead of opening it."""
    every = (*keys_of(settings), *stored.keys)
    return index(every) or ({"": _LOCKED} if every else {})


def rules_of(
    settings: Settings, stored: Stored, book: PriceBook, facts: FactBook, values: Values | None = None
) -> Rules:
    """The rules that hold from now on. `values` are the old resolver's, so that a reload forgets none."""
    return Rules(
        book=book,
        facts=facts,
        resolver=Resolver(budgets_in_force(settings, stored), values, rates_of(settings)),
        providers=tuple(provider_of(provider) for provider in providers_of(settings)),
        defaults=Defaults(settings.output.default_cap, settings.output.reasoning_cap),
        tiers=tuple(settings.tiers.values()),
    )


def provider_of(configured: file.Provider) -> Provider:
    """A configured provider as calls know it."""
    parts = urlsplit(configured.base_url)
    return Provider(
        name=configured.name,
        format=configured.format,
        origin=f"{parts.scheme}://{parts.netloc}",
        base_path=parts.path.rstrip("/"),
        headers=_headers(configured),
        has_credential=bool(configured.api_key),
        models=configured.models,
        retries=min(configured.retries, 5),
        counts_tokens=configured.format in {"anthropic", "gemini"} and configured.count_tokens,
    )


def cards_of(rules: Rules) -> CardOf:
    """What the book in force says of the model of a recorded attempt."""
    return card_finder(rules.book, {provider.name: provider.format for provider in rules.providers})


def upstream_for(configured: file.Provider) -> Upstream:
    """The HTTP client for one provider: our own pool, or aiohttp where a forward proxy stands between."""
    timeouts = Timeouts(
        connect_seconds=configured.connect_seconds,
        first_byte_seconds=configured.first_byte_seconds,
        idle_seconds=configured.idle_seconds,
    )
    if configured.proxy:
        from farthing.providers.forward import AiohttpUpstream  # noqa: PLC0415 - an extra, loaded where it is used

        return AiohttpUpstream(timeouts=timeouts, proxy=configured.proxy.reveal())
    return Pool(limits=Limits(), timeouts=timeouts)


def _headers(configured: file.Provider) -> Headers:
    made = [(name.lower().encode("latin-1"), value.reveal().encode("latin-1")) for name, value in configured.headers]
    if configured.api_key:
        secret = configured.api_key.reveal().encode("latin-1")
        name = _KEY_HEADERS.get(configured.format)
        made.append((name, secret) if name else (b"authorization", b"Bearer " + secret))
    return tuple(made)
