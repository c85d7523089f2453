"""The rules a call is judged by: one frozen set of prices, budgets and providers, swapped whole on reload."""

import msgspec

from farthing.budget.hold import lines
from farthing.budget.match import Resolver, Touch
from farthing.call.arrival import Arrival, Provider
from farthing.call.plan import Plan
from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest
from farthing.domain.model import ModelFacts
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.refusal import Refusal
from farthing.output.cap import Defaults, wanted
from farthing.pricing.book import PriceBook
from farthing.pricing.facts import FactBook
from farthing.pricing.worst import Bound, worst
from farthing.tokens.bound import InputBound, byte_bound
from farthing.wire.dialect import Asked

DEFAULT_FLOOR = 256
DEFAULT_WAIT_SECONDS = 20.0


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is true for every call that arrives while these rules hold."""

    book: PriceBook
    facts: FactBook
    resolver: Resolver
    providers: tuple[Provider, ...]
    defaults: Defaults = Defaults()

    def plan(self, arrival: Arrival) -> Plan | Refusal:
        """Route and bound a call, or say why it cannot be allowed. Raises BadRequest when no provider can take it."""
        asked = arrival.draft.asked
        provider, model = self.route(arrival)
        facts = self.facts.find(model, provider.name, provider.format)
        card = self.book.find(model, provider.name, provider.format, at_ms=arrival.arrived_ms)
        caller = arrival.caller
        touches = self.resolver.accounts(
            caller.labels, caller.trusted, at_ms=arrival.arrived_ms, key=caller.key, max_values=caller.max_values
        )
        enforced = tuple(touch for touch in touches if touch.budget.enforced)
        bound = byte_bound(asked, facts)
        most = worst_of(asked, facts, card, bound)
        no = _forbidden(asked, model, most, enforced)
        if no is not None:
            return no
        floor = max((touch.budget.floor for touch in enforced), default=DEFAULT_FLOOR)
        return Plan(
            arrival=arrival,
            provider=provider,
            model=model,
            facts=facts,
            card=card,
            accounts=lines(touches),
            enforced=bool(enforced),
            strict=any(touch.budget.bound == "strict" for touch in enforced),
            wait_ms=_patience(arrival, enforced),
            wanted=wanted(asked, facts, self.defaults, floor),
            bound=bound,
            worst=most,
        )

    def route(self, arrival: Arrival) -> tuple[Provider, str]:
        """The provider named in the model (`openai/gpt-4o`), else the first that lists it, else the first that speaks it."""
        name = arrival.draft.asked.model
        speaking = [provider for provider in self.providers if provider.format == arrival.dialect.format]
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
            f"no configured provider takes the model {name!r} over {arrival.dialect.name}; "
            f"add it to `models` of a [providers.*] section with format = {arrival.dialect.format!r}",
            field="model",
            status=404,
            code="model_not_found",
        )


def worst_of(asked: Asked, facts: ModelFacts, card: PriceCard | Unpriced, bound: InputBound) -> Bound | Unpriced:
    """The worst case in money for this input bound."""
    if isinstance(card, Unpriced):
        return card
    return worst(
        card,
        input_tokens=bound.tokens,
        cache_ttl=asked.cache_ttl,
        writes_unasked=facts.writes_cache_unasked,
        tiers=(asked.tier,),
        searches=asked.searches,
        choices=asked.choices,
        audio_input=any(part.kind == "audio" for part in asked.media),
        audio_output=asked.audio_output,
        predicted_tokens=asked.predicted_bytes * asked.choices,
    )


def _forbidden(asked: Asked, model: str, most: Bound | Unpriced, enforced: tuple[Touch, ...]) -> Refusal | None:
    """Why a hard budget cannot take this call whatever it costs, or None."""
    if not enforced:
        return None
    if asked.uncapped:
        field = asked.uncapped[0]
        return Refusal(
            code="uncapped_feature",
            message=f"`{field}` bills without a cap, so its cost cannot be reserved under the budget "
            f"{enforced[0].budget.name!r}",
            what_to_do=f"leave out `{field}`, give it a limit (`max_uses`), or use a key whose budgets are not hard",
            field=field,
        )
    counts_money = next((t.budget for t in enforced if t.budget.limit(Unit.USD) is not None), None)
    if counts_money is not None and isinstance(most, Unpriced):
        return Refusal(
            code="unpriced_model",
            message=f"no price is known for {model!r} ({most.reason}), and the budget {counts_money.name!r} counts money",
            what_to_do="name its price under [[prices]] in farthing.toml, or use a priced model",
            field="model",
        )
    return None


def _patience(arrival: Arrival, enforced: tuple[Touch, ...]) -> int:
    """How long to queue for money: the shortest wait of its budgets, within 80 % of the client's own time-out."""
    seconds = min((touch.budget.wait_seconds for touch in enforced), default=DEFAULT_WAIT_SECONDS)
    own = int(seconds * 1_000)
    return own if arrival.patience_ms is None else min(own, arrival.patience_ms * 4 // 5)
