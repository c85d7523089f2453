"""A policy as calls meet it: rules, prices, keys and guards, wired as the gateway wires them, but for one past."""

from typing import Literal

import msgspec

from farthing.call.arrival import Arrival
from farthing.call.arrival import Caller as Identity
from farthing.call.guards import Guards
from farthing.call.rules import Rules
from farthing.config.convert import keys_of
from farthing.config.environment import DEFAULT_URLS
from farthing.config.guarding import guard_rules_of
from farthing.config.settings import Provider as ProviderSettings
from farthing.config.settings import Settings
from farthing.config.wiring import budgets_in_force, rules_of
from farthing.domain.budget import Budget
from farthing.domain.key import Key
from farthing.domain.price import PriceCard, Unpriced
from farthing.ports.directory import Stored
from farthing.pricing.book import PriceBook
from farthing.pricing.facts import FactBook
from farthing.replay.clockwork import VirtualLoop
from farthing.replay.desk import ReplayDesk
from farthing.replay.draft import RecordedDialect, RecordedDraft
from farthing.replay.ledger import ReplayLedger, Stands
from farthing.replay.levers import levers_of
from farthing.replay.policy import same
from farthing.replay.recorded import Recorded
from farthing.replay.replies import Replies
from farthing.replay.upstream import RecordedUpstream

_MAKERS: tuple[Literal["openai", "anthropic", "gemini"], ...] = ("openai", "anthropic", "gemini")
NOTHING_STORED = Stored(version=0)


class World:
    """What holds of one policy whatever the time is. Made once; `open` gives it a clock."""

    def __init__(self, policy: Settings, base: Settings, stored: Stored = NOTHING_STORED) -> None:
        """`base` is the configuration under which the calls were recorded; `stored` are keys, budgets and grants of the
        store they are from."""
        listed = PriceBook.load()
        book = listed.overlay(policy.prices)
        settings = with_providers(policy)
        self.policy = policy
        self.recorded = same(policy, base)
        """It decides nothing otherwise than the recorded configuration."""
        self.levers = levers_of(policy, base)
        self.stored = stored
        self.budgets: tuple[Budget, ...] = budgets_in_force(settings, stored)
        self.rules: Rules = rules_of(settings, stored, book, FactBook.load(book))
        self._then_book = listed.overlay(base.prices)
        self._keys: dict[str, Key] = {key.name: key for key in (*stored.keys, *keys_of(settings))}
        self._dialects: dict[str, RecordedDialect] = {}
        self._trusted: dict[str, frozenset[str]] = {}

    def open(self, loop: VirtualLoop) -> "OpenWorld":
        """The same with a ledger whose accounts are empty, and a clock."""
        ledger = ReplayLedger(loop.now_ms)
        ledger.adopt(self.budgets, self.stored.grants)
        guards = Guards(guard_rules_of(self.policy), lambda _: None)
        upstream = RecordedUpstream(Replies(caches=not self.recorded), loop)
        desk = ReplayDesk(
            rules=self.rules, ledger=ledger, guards=guards if guards.needed else None, upstream=upstream, loop=loop
        )
        return OpenWorld(desk, ledger, upstream)

    def arrival(self, call: Recorded, now_ms: int) -> Arrival:
        """The call at the door, at this moment, as the levers left it."""
        dialect = self._dialects.get(call.dialect)
        if dialect is None:
            dialect = self._dialects[call.dialect] = RecordedDialect(call.dialect)
        return Arrival(
            id=call.id,
            arrived_ms=now_ms,
            dialect=dialect,
            draft=RecordedDraft(call),
            caller=self._caller(call),
            path=call.route,
            skeleton=call.skeleton,
        )

    def stands(self, call: Recorded) -> Stands | None:
        """What the call was billed, where the policy leaves the price of its model as it was."""
        if call.usage is None or self._repriced(call):
            return None
        return Stands(call.provider, call.sent_model, call.usage, call.cost_nanos, call.remainder_picos, call.source)

    def _repriced(self, call: Recorded) -> bool:
        """Whether policy and recorded configuration have different prices for it. Another edition of the price book is
        no policy: what was paid stays paid."""
        then = _card(self._then_book, call)
        now = _card(self.rules.book, call)
        if isinstance(then, Unpriced) or isinstance(now, Unpriced):
            return type(then) is not type(now)
        return then.variants != now.variants

    def _caller(self, call: Recorded) -> Identity:
        """Who asked. What a key may set is the policy's to say; of a key that is gone, every label counts."""
        key = self._keys.get(call.key)
        if key is None:
            return Identity(key=call.key, labels=call.labels)
        trusted = self._trusted.get(key.name)
        if trusted is None:
            trusted = self._trusted[key.name] = frozenset((*(name for name, _ in key.labels), *key.may_set))
        return Identity(key=key.name, labels=call.labels, trusted=trusted, max_values=key.max_values)


class OpenWorld(msgspec.Struct, frozen=True):
    """A world with a clock: what one replay uses up."""

    desk: ReplayDesk
    ledger: ReplayLedger
    upstream: RecordedUpstream


def with_providers(settings: Settings) -> Settings:
    """The settings, with the makers' own services where no provider is configured: nothing is sent to them here."""
    if settings.providers:
        return settings
    made = tuple(ProviderSettings(name=name, format=name, base_url=DEFAULT_URLS[name]) for name in _MAKERS)
    return msgspec.structs.replace(settings, providers=made)


def _card(book: PriceBook, call: Recorded) -> PriceCard | Unpriced:
    maker = call.dialect.partition("-")[0]
    return book.find(call.sent_model or call.model, call.provider or maker, maker, at_ms=call.arrived_ms)
