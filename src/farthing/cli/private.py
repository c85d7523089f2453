"""A gateway for one run: its settings, who may use it, and the environment that leads a command to it.

Where the environment holds a provider's key, the gateway keeps it and the command gets a key made for this run instead:
nobody else on the machine can spend through its port. Where it holds none, or is told to pass through, whatever
credential the command itself sends goes on to the provider, and the gateway holds none.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from farthing.cli.run.clients import as_direct
from farthing.config.environment import DEFAULT_URLS
from farthing.config.settings import Budget, Key, Provider, Settings
from farthing.config.values import Secret
from farthing.domain.record import Labels

FORMATS: tuple[Literal["openai", "anthropic", "gemini"], ...] = ("openai", "anthropic", "gemini")
BASE_URLS = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL")
_PRESENTED = {
    "openai": ("OPENAI_API_KEY", "CODEX_API_KEY"),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "gemini": ("GEMINI_API_KEY",),
}
"""Where clients look for a key. Codex reads one of its own only."""
_IN_ITS_PLACE = {"anthropic": ("ANTHROPIC_AUTH_TOKEN",), "gemini": ("GOOGLE_API_KEY",)}
"""What they would present in place of the key, and which therefore must go."""
_MAY_SET = ("agent", "step", "team", "user", "workflow")
_HERE = "127.0.0.1,localhost,::1"


class Private(msgspec.Struct, frozen=True, kw_only=True):
    """One run's gateway before it starts."""

    settings: Settings
    run: str
    labels: Labels
    budget: Budget | None
    secret: str
    """The key of this run; "" where the command's own credentials pass through."""

    @property
    def held(self) -> tuple[str, ...]:
        """The formats for which the gateway holds a provider's key."""
        return held_by(self.settings)

    def environment(self, url: str, outer: Mapping[str, str]) -> dict[str, str]:
        """The command's environment. Every base URL leads here, so that no call goes past the budget unseen."""
        made = {
            **outer,
            "OPENAI_BASE_URL": f"{url}/v1",
            "OPENAI_API_BASE": f"{url}/v1",
            "ANTHROPIC_BASE_URL": url,
            "GOOGLE_GEMINI_BASE_URL": url,
            "FARTHING_RUN": self.run,
            "NO_PROXY": _and(outer.get("NO_PROXY", ""), _HERE, ","),
            "no_proxy": _and(outer.get("no_proxy", ""), _HERE, ","),
            **as_direct(outer),
        }
        if self.secret:
            made |= {name: self.secret for format_ in self.held for name in _PRESENTED[format_]}
            for name in (name for format_ in self.held for name in _IN_ITS_PLACE.get(format_, ())):
                made.pop(name, None)
        else:
            if "OPENAI_API_KEY" in outer:
                made.setdefault("CODEX_API_KEY", outer["OPENAI_API_KEY"])
            said = "x-farthing-labels: " + ",".join(f"{name}={value}" for name, value in self.labels)
            made["ANTHROPIC_CUSTOM_HEADERS"] = _and(outer.get("ANTHROPIC_CUSTOM_HEADERS", ""), said, "\n")
        return made


def held_by(settings: Settings) -> tuple[str, ...]:
    """The formats for which these settings hold a provider's key."""
    return tuple(f for f in FORMATS if any(p.format == f and p.api_key for p in settings.providers))


def private_gateway(
    settings: Settings, *, run: str, labels: Labels, budget: Budget | None, pass_through: bool, secret: str
) -> Private:
    """These settings on a free loopback port, for this run alone. `secret` is the run's key, if it is to have one."""
    pass_through = pass_through or not any(provider.api_key for provider in settings.providers)
    every = tuple(sorted({**dict(labels), "run": run}.items()))
    may_set = tuple(name for name in _MAY_SET if name not in dict(every))
    key = Key(name=run, secret=Secret(secret, "this run"), labels=every, may_set=may_set)
    made = msgspec.structs.replace(
        settings,
        gateway=msgspec.structs.replace(settings.gateway, host="127.0.0.1", port=0),
        keys=() if pass_through else (key,),
        budgets=(*settings.budgets, *((budget,) if budget else ())),
        providers=_without_keys(settings.providers) if pass_through else settings.providers,
    )
    return Private(settings=made, run=run, labels=every, budget=budget, secret="" if pass_through else secret)


def _without_keys(providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
    """The providers without our credentials, and the makers' own services for the formats that nobody named."""
    named = [msgspec.structs.replace(provider, api_key=None) for provider in providers]
    missing = [format_ for format_ in FORMATS if not any(provider.format == format_ for provider in providers)]
    return (*named, *(_MAKERS[format_] for format_ in missing))


_MAKERS = {format_: Provider(name=format_, format=format_, base_url=DEFAULT_URLS[format_]) for format_ in FORMATS}


def _and(before: str, more: str, between: str) -> str:
    return f"{before}{between}{more}" if before else more
