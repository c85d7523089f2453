"""The price book: finds the one card that says what a model costs at a moment, or says that nobody knows.

A name is matched by the book's own rules and never by likeness, so `gpt-99` has no price. Book and overlay are
immutable; what has been looked up is remembered until the next moment at which a price changes.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import msgspec

from farthing.domain.price import PriceCard, Unpriced
from farthing.pricing import bookfile as file
from farthing.pricing.contract import Contract, contract_hash, read_contracts
from farthing.pricing.regions import REGIONAL, WHY
from farthing.pricing.rules import with_dashed_date

ALWAYS = 2**63
DAY_MS = 86_400_000
FIRST_PARTIES = {"openai", "anthropic", "google"}
"""Names that users give to a provider for the format it speaks, whoever serves the models behind it."""
REMEMBERED = 4_096
"""Names remembered at once. Callers choose names, so the memory must not grow with them."""

Found = tuple[int, int, PriceCard | Unpriced]
"""From which moment until which a card holds."""


class PriceBook:
    """Prices of all known models, with contract prices on top."""

    __slots__ = ("_apart", "_by_id", "_cards", "_contracts", "_providers", "hash")

    def __init__(
        self,
        providers: tuple[file.Provider, ...],
        hash: str,
        contracts: tuple[Contract, ...] = (),
        apart: frozenset[str] = frozenset(),
    ) -> None:
        self.hash = hash
        """Sixteen hex digits that name the content of book and overlay; they stand in every record."""
        self._providers = providers
        self._contracts = contracts
        self._apart = apart | {REGIONAL}
        self._by_id = {provider.id: provider for provider in providers}
        self._cards: dict[tuple[str, tuple[str, ...]], Found] = {}

    @classmethod
    def load(cls, raw: bytes | None = None) -> Self:
        """The book in these bytes, or the packaged one (reads a file: call while starting). Raises ValueError on another format."""
        book = msgspec.json.decode(file.packaged("prices.json") if raw is None else raw, type=file.Book)
        if book.format != file.FORMAT:
            raise ValueError(f"the price book has format {book.format}, this version reads {file.FORMAT}")
        return cls(book.providers, book.hash[:16])

    @property
    def providers(self) -> tuple[file.Provider, ...]:
        """Everything in the book, for listings and tests. The overlay is not in it."""
        return self._providers

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The overlay."""
        return self._contracts

    def overlay(self, entries: Sequence[Mapping[str, object]], apart: frozenset[str] = frozenset()) -> "PriceBook":
        """A new book in which these `[[prices]]` entries win, and with the providers `apart` nothing else is a price.
        Raises BadConfig that names the entry and the field."""
        contracts = read_contracts(entries)
        if not contracts and not apart:
            return self
        return PriceBook(
            self._providers, contract_hash(self.hash, contracts) if contracts else self.hash, contracts, apart
        )

    def find(self, model: str, *providers: str, at_ms: int) -> PriceCard | Unpriced:
        """What `model` costs at `at_ms` (milliseconds since 1970).

        `providers` are hints, best first: the user's own name of the provider, then its format. The first one that the
        book knows decides; a seller of others' models is never priced like another seller.
        """
        return self.found(model, providers, at_ms)[2]

    def found(self, model: str, providers: tuple[str, ...], at_ms: int) -> Found:
        """`find`, and from which moment until which it holds."""
        found = self._cards.get((model, providers))
        if found is not None and found[0] <= at_ms < found[1]:
            return found
        found = self._look_up(model, providers, at_ms)
        if len(self._cards) >= REMEMBERED:
            self._cards.clear()
        self._cards[model, providers] = found
        return found

    def describe(self, model: str, *providers: str) -> tuple[str, file.Model] | None:
        """The book's own entry for a model and who sells it there, contracts aside; None where it is unknown."""
        name = model.lower()
        for hint in (*_implied(name), *providers):
            seller = self._seller(hint)
            if seller is None:
                continue
            known = self._sold_by(seller, name)
            if known is not None or seller.id not in FIRST_PARTIES:
                return known
        owner = next((p for p in self._providers if p.owns is not None and p.owns.matches(name)), None)
        return None if owner is None else self._sold_by(owner, name)

    def _look_up(self, model: str, providers: tuple[str, ...], at_ms: int) -> Found:
        contract = self._contract(model.lower(), providers)
        if contract is not None:
            return 0, ALWAYS, contract.card(self.hash)
        if not self._apart.isdisjoint(providers):
            return 0, ALWAYS, Unpriced(WHY)
        known = self.describe(model, *providers)
        if known is None:
            return 0, ALWAYS, Unpriced(f"the model {model!r} is not in the price book")
        return _card(*known, at_ms, self.hash)

    def _contract(self, name: str, providers: tuple[str, ...]) -> Contract | None:
        """The contract that names the model most exactly."""
        fitting = [contract for contract in self._contracts if contract.covers(name, providers)]
        return max(fitting, key=Contract.exactness, default=None)

    def _seller(self, hint: str) -> file.Provider | None:
        """The provider that a name means: its id first, then the book's rules."""
        name = hint.lower().strip()
        exact = self._by_id.get(name)
        if exact is not None or not name:
            return exact
        return next((p for p in self._providers if p.names is not None and p.names.matches(name)), None)

    def _sold_by(self, seller: file.Provider, name: str) -> tuple[str, file.Model] | None:
        """The seller's entry, or that of a provider whose models it sells at the same price."""
        sellers = (seller, *(self._by_id[other] for other in seller.fallback if other in self._by_id))
        for spelling in dict.fromkeys((name, with_dashed_date(name))):
            for each in sellers:
                for model in each.models:
                    if model.match.matches(spelling):
                        return each.id, model
        return None


def _implied(name: str) -> tuple[str, ...]:
    """The provider that a name gives away: only OpenAI calls its fine-tuned models `ft:…`."""
    return ("openai",) if name.startswith("ft:") else ()


def _card(seller: str, model: file.Model, at_ms: int, book: str) -> Found:
    """The card of a model at a moment, and how long it holds."""
    later = [period.since for period in model.periods[1:] if period.since > at_ms]
    until = min(later, default=ALWAYS)
    period = next((p for p in reversed(model.periods) if p.since <= at_ms), model.periods[0])
    if period.unpriced:
        return period.since, until, Unpriced(f"{model.id} {period.unpriced}")
    prices, since = period.prices, period.since
    if period.daily:
        prices, since, until = _at_this_hour(period, at_ms, until)
    variants = {tier: file.tiers_of(rows) for tier, rows in prices.items()}
    return since, until, PriceCard(seller, model.id, variants, book)


def _at_this_hour(period: file.Period, at_ms: int, until: int) -> tuple[file.Variants, int, int]:
    """Prices that depend on the time of day, and the turn of the clock around `at_ms` within which they hold."""
    midnight, time_of_day = at_ms - at_ms % DAY_MS, at_ms % DAY_MS
    turns = {0, DAY_MS, *(turn for daily in period.daily for turn in (daily.since, daily.until))}
    since = max(turn for turn in turns if turn <= time_of_day)
    soon = min(turn for turn in turns if turn > time_of_day)
    prices = next((daily.prices for daily in period.daily if daily.holds(time_of_day)), period.prices)
    return prices, max(midnight + since, period.since), min(midnight + soon, until)
