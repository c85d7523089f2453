"""The rules a call is judged by: one frozen set of prices, budgets and providers, swapped whole on reload."""

import msgspec

from farthing.budgets.match import Resolver
from farthing.budgets.terms import Terms, TermsBook
from farthing.call.arrival import Arrival, Caller, Headers, Provider
from farthing.call.levers import NO_LEVERS, Levers
from farthing.call.plan import Plan
from farthing.domain.errors import BadRequest
from farthing.domain.model import ModelFacts
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.refusal import Refusal
from farthing.output.cap import Defaults, wanted
from farthing.pricing.book import PriceBook
from farthing.pricing.facts import FactBook
from farthing.pricing.worst import Bound, Highest, highest_for, worst_for
from farthing.tokens.bound import InputBound, byte_bound
from farthing.wire.dialect import Asked
from farthing.wire.uncapped import named, remedy

_WIDE_BETA = b"context-1m"
"""The beta of Anthropic's window of a million tokens, `context-1m-2025-08-07`: beyond 200,000 it bills another price."""
_WIDE_TOKENS = 1_000_000
_MOST_REMEMBERED = 4_096
"""Model names remembered at once. Callers choose names, so the memory must not grow with them."""
_MOST_HEADERS = 512
"""Callers' headers remembered at once: each connection has its own."""
_MOST_CALLERS = 8_192
"""Callers whose terms are remembered at once: there is one for each thing that callers say of themselves."""


class Destination(msgspec.Struct, frozen=True):
    """Where a model's name leads."""

    provider: Provider
    model: str
    """As this provider is asked for it."""
    facts: ModelFacts


class Fare(msgspec.Struct, frozen=True):
    """What calls of one model's name cost where it leads, from one moment until another."""

    to: Destination
    card: PriceCard | Unpriced
    plain: Highest | None
    """The highest rates of a call of nothing but text, as nearly all are; None where there is no price."""
    since_ms: int
    until_ms: int

    def worst(self, asked: Asked, bound: InputBound) -> Bound | Unpriced:
        """`worst_of`, from the rates that are known where they are those of this call."""
        plain = self.plain
        if plain is None or bound.tokens >= plain.short or asked.cache_ttl or asked.tier or asked.media:
            return worst_of(asked, self.to.facts, self.card, bound)
        if asked.searches or asked.audio_input or asked.audio_output:
            return worst_of(asked, self.to.facts, self.card, bound)
        return plain.bound(bound.tokens, asked.choices, asked.predicted_bytes * asked.choices)


class Rules:
    """What is true for every call that arrives while these rules hold. Immutable but for what it remembers."""

    __slots__ = (
        "_callers",
        "_destinations",
        "_fares",
        "_outgoing",
        "_terms",
        "book",
        "defaults",
        "facts",
        "levers",
        "providers",
        "resolver",
        "tiers",
    )

    def __init__(
        self,
        *,
        book: PriceBook,
        facts: FactBook,
        resolver: Resolver,
        providers: tuple[Provider, ...],
        defaults: Defaults | None = None,
        tiers: tuple[tuple[str, ...], ...] = (),
        levers: Levers = NO_LEVERS,
    ) -> None:
        """`tiers` are models by size, each tier's in the order of preference; `levers` what thresholds pull."""
        self.book = book
        self.facts = facts
        self.resolver = resolver
        self.providers = providers
        self.defaults = defaults or Defaults()
        self.tiers = tiers
        self.levers = levers
        self._terms = TermsBook()
        self._callers: dict[int, tuple[Caller, int, Terms]] = {}
        self._fares: dict[tuple[str, str], Fare] = {}
        self._destinations: dict[tuple[str, str], Destination] = {}
        self._outgoing: dict[tuple[int, int], tuple[Provider, Headers, Headers]] = {}

    def plan(self, arrival: Arrival) -> Plan | Refusal:
        """Route and bound a call, or say why it cannot be allowed. Raises BadRequest when no provider can take it."""
        asked = arrival.draft.asked
        fare = self.fare(arrival.dialect.format, asked.model, arrival.arrived_ms)
        to, terms = fare.to, self.terms(arrival)
        bound = byte_bound(asked, to.facts, strict=terms.strict)
        most = fare.worst(asked, bound)
        if terms.enforced is not None:
            no = _forbidden(arrival, to, most, terms)
            if no is not None:
                return no
        patience = arrival.patience_ms  # of the client: 80 % of it is ours to wait in
        return Plan(
            arrival=arrival,
            provider=to.provider,
            model=to.model,
            facts=to.facts,
            card=fare.card,
            terms=terms,
            wait_ms=terms.wait_ms if patience is None else min(terms.wait_ms, patience * 4 // 5),
            wanted=wanted(asked, to.facts, self.defaults, terms.floor),
            bound=bound,
            worst=most,
        )

    def terms(self, arrival: Arrival) -> Terms:
        """What the budgets of this call say. The very same caller is told the same until one of its windows closes."""
        caller, at_ms, resolver = arrival.caller, arrival.arrived_ms, self.resolver
        known = self._callers.get(id(caller))
        if known is not None and known[0] is caller and resolver.now_ms <= at_ms < known[1]:
            return known[2]
        until_ms, touches = resolver.found(
            caller.labels, caller.trusted, at_ms=at_ms, key=caller.key, max_values=caller.max_values
        )
        terms = self._terms.of(touches)
        if len(self._callers) >= _MOST_CALLERS:
            self._callers.clear()
        self._callers[id(caller)] = caller, until_ms, terms  # keeping the caller keeps its identity
        return terms

    def outgoing(self, provider: Provider, headers: Headers) -> Headers:
        """The headers of a request to this provider: its own, and those of the caller's that it does not configure. The
        very same tuple for the very same two, as a connection's calls bring them: what is made of it may be remembered."""
        known = self._outgoing.get((id(provider), id(headers)))
        if known is not None and known[0] is provider and known[1] is headers:
            return known[2]
        configured = provider.header_names
        made = (*provider.headers, *[pair for pair in headers if pair[0] not in configured])
        if len(self._outgoing) >= _MOST_HEADERS:
            self._outgoing.clear()
        self._outgoing[id(provider), id(headers)] = provider, headers, made  # keeping both keeps their identities
        return made

    def fare(self, format: str, name: str, at_ms: int) -> Fare:
        """What a model's name costs now in this dialect's format. Raises BadRequest as `destination` does."""
        known = self._fares.get((format, name))
        if known is not None and known.since_ms <= at_ms < known.until_ms:
            return known
        to = self.destination(format, name)
        since_ms, until_ms, card = self.book.found(to.model, (to.provider.name, to.provider.format), at_ms)
        fare = Fare(to, card, _plain_rates(card, to.facts), since_ms, until_ms)
        if len(self._fares) >= _MOST_REMEMBERED:
            self._fares.clear()
        self._fares[format, name] = fare
        return fare

    def destination(self, format: str, name: str) -> Destination:
        """Where a model's name leads in this dialect's format. Raises BadRequest 404 where no provider takes it."""
        known = self._destinations.get((format, name))
        if known is None:
            if len(self._destinations) >= _MOST_REMEMBERED:
                self._destinations.clear()
            provider, model = self.route(format, name)
            known = Destination(provider, model, self.facts.find(model, provider.name, provider.format))
            self._destinations[format, name] = known
        return known

    def route(self, format: str, name: str) -> tuple[Provider, str]:
        """The provider named in the model (`openai/gpt-4o`), else the first that lists it, else the first that speaks it."""
        speaking = [provider for provider in self.providers if provider.format == format]
        prefix, slash, rest = name.partition("/")
        if slash and rest:
            for provider in speaking:
                if provider.name == prefix:
                    return provider, rest
        for provider in speaking:
            if provider.lists(name):
                return provider, name
        for provider in speaking:
            if not provider.models:
                return provider, name
        raise BadRequest(
            f"no configured provider takes the model {name!r}; "
            f"add it to `models` of a [providers.*] section with format = {format!r}",
            field="model",
            status=404,
            code="model_not_found",
        )


def _plain_rates(card: PriceCard | Unpriced, facts: ModelFacts) -> Highest | None:
    if isinstance(card, Unpriced):
        return None
    found = highest_for(card, ("", facts.writes_cache_unasked, ("",), 0, False, False))
    return found if isinstance(found, Highest) else None


def worst_of(asked: Asked, facts: ModelFacts, card: PriceCard | Unpriced, bound: InputBound) -> Bound | Unpriced:
    """The worst case in money for this input bound."""
    if isinstance(card, Unpriced):
        return card
    heard = asked.audio_input or (bool(asked.media) and any(part.kind == "audio" for part in asked.media))
    writes, choices = facts.writes_cache_unasked, asked.choices
    asks = (asked.cache_ttl, writes, (asked.tier,), asked.searches, heard, asked.audio_output)
    return worst_for(card, asks, bound.tokens, choices, asked.predicted_bytes * choices)


def _forbidden(arrival: Arrival, to: Destination, most: Bound | Unpriced, terms: Terms) -> Refusal | None:
    """Why a hard budget cannot take this call whatever it costs, or None."""
    assert terms.enforced is not None
    asked = arrival.draft.asked
    if asked.uncapped:
        field, kind = asked.uncapped[0], asked.uncapped_kind
        return Refusal(
            code="uncapped_feature",
            message=f"{named(field, kind)} bills without a cap, so its cost cannot be reserved under the budget "
            f"{terms.enforced.name!r}",
            what_to_do=f"{remedy(arrival.dialect.name, field, kind)}, or use a key whose budgets are not hard",
            field=field,
        )
    if arrival.dialect.format == "anthropic" and _wider_than_known(arrival, to.facts):
        return Refusal(
            code="uncapped_feature",
            message=f"`anthropic-beta` asks for a window of a million tokens, and {to.model!r} is priced for "
            f"{to.facts.context_tokens:,}: its cost cannot be bounded under the budget {terms.enforced.name!r}",
            what_to_do="leave the `context-1m` beta out, or name the model's prices and window under [[prices]]",
            field="anthropic-beta",
        )
    if terms.no_rate is not None:
        budget, why = terms.no_rate
        code = budget.money.currency
        return Refusal(
            code="no_rate",
            message=f"the budget {budget.name!r} counts {code}, and {why}",
            what_to_do=f"the operator adds a newer rate to [currencies.{code}] rates in farthing.toml and sends SIGHUP",
        )
    if type(most) is Unpriced and terms.money is not None:
        return Refusal(
            code="unpriced_model",
            message=f"no price is known for {to.model!r} ({most.reason}), and the budget {terms.money.name!r} counts money",
            what_to_do="name its price under [[prices]] in farthing.toml, or use a priced model",
            field="model",
        )
    return None


def _wider_than_known(arrival: Arrival, facts: ModelFacts) -> bool:
    """A beta header widens the model's window beyond what its facts, and maybe its prices, know of."""
    most = facts.context_tokens
    if most is None or most >= _WIDE_TOKENS:
        return False
    return any(name == b"anthropic-beta" and _WIDE_BETA in value for name, value in arrival.headers)
