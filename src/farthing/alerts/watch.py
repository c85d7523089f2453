"""One round over all rules: read the facts, find the crossings, hand what must be told to the outbox."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from farthing.alerts.budgets import Limited
from farthing.alerts.crossing import change
from farthing.alerts.evaluate import evaluate
from farthing.alerts.facts import Known
from farthing.alerts.message import message
from farthing.alerts.rule import Rule
from farthing.alerts.spend import CATCHING_UP
from farthing.ports.alerts import Address, Alert, Facts, NewAlert, Outbox, Reading

STILL_MS = 60_000
"""How long a ledger in which nothing happens is not looked at: only time can change what rules find."""
KEPT_MS = 90 * 86_400_000
"""How long alerts that are over are kept."""
_TIDY_MS = 3_600_000


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One rule and where it is told."""

    rule: Rule
    to: tuple[Address, ...]


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one round found."""

    told: tuple[Alert, ...] = ()
    found: Mapping[str, tuple[Reading, ...]] = {}
    """By the rule's text: who is near its threshold or beyond."""
    silent: Mapping[str, str] = {}
    """By the rule's text: why nothing can be said about it yet."""


Act = Callable[[Watched, tuple[Reading, ...], int], list[Alert]]


class Watch:
    """Steps through time as it is told; keeps nothing that the outbox does not keep. One thread at a time.

    limits: the budgets in force at a moment, as `Limited`.
    """

    def __init__(
        self,
        watched: Sequence[Watched],
        *,
        facts: Facts,
        outbox: Outbox,
        limits: Callable[[int], Sequence[Limited]],
    ) -> None:
        self._watched = merged(watched)
        self._facts = facts
        self._outbox = outbox
        self._limits = limits
        self._stamp: int | None = None
        self._again = False
        self._looked_ms = self._tidied_ms = 0
        self.latest = Round()
        """What the last round found, for people to look at."""

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The rules in force, each once."""
        return self._watched

    def adopt(self, watched: Sequence[Watched]) -> None:
        """These rules from the next round on, which looks even if the ledger did not change. From any thread."""
        self._watched = merged(watched)
        self._again = True

    def look(self, now_ms: int) -> Round:
        """What every rule finds now; nobody is told. Raises LedgerUnavailable."""
        return self._round(self._watched, now_ms, lambda *_: [])

    def step(self, now_ms: int) -> tuple[Alert, ...]:
        """Look at every rule, unless nothing can have changed since. Returns what was told. Raises LedgerUnavailable."""
        stamp = self._facts.stamp()
        if stamp == self._stamp and not self._again and 0 <= now_ms - self._looked_ms < STILL_MS:
            return ()
        self._stamp, self._again = None, False  # a round that fails is made again
        self.latest = self._round(self._watched, now_ms, self._act)
        self._stamp = None if CATCHING_UP in self.latest.silent.values() else stamp
        self._looked_ms = now_ms
        if now_ms - self._tidied_ms >= _TIDY_MS:
            self._outbox.forget(now_ms - KEPT_MS)
            self._tidied_ms = now_ms
        return self.latest.told

    def _round(self, every: Sequence[Watched], now_ms: int, act: Act) -> Round:
        limits, known = self._limits(now_ms), Known(self._facts, now_ms)
        told: list[Alert] = []
        found: dict[str, tuple[Reading, ...]] = {}
        silent: dict[str, str] = {}
        for watched in every:
            readings = evaluate(watched.rule, limits, known)
            if isinstance(readings, str):
                silent[watched.rule.text] = readings
                continue
            found[watched.rule.text] = readings
            told += act(watched, readings, now_ms)
        return Round(told=tuple(told), found=found, silent=silent)

    def _act(self, watched: Watched, readings: tuple[Reading, ...], now_ms: int) -> list[Alert]:
        rule = watched.rule
        fired = self._outbox.fired(rule.text)
        changes = change(readings, fired)
        told = [self._outbox.tell(_alert(rule, crossing, now_ms), watched.to) for crossing in changes.tell]
        if changes.rearm:
            self._outbox.rearm(rule.text, changes.rearm, now_ms)
        return [alert for alert in told if alert is not None]


def merged(watched: Sequence[Watched]) -> tuple[Watched, ...]:
    """Rules of equal text are one rule, told to everybody that any of them names."""
    to: dict[str, dict[str, Address]] = {}
    rules: dict[str, Rule] = {}
    for one in watched:
        rules[one.rule.text] = one.rule
        to.setdefault(one.rule.text, {}).update({address.digest: address for address in one.to})
    return tuple(Watched(rule=rule, to=tuple(to[text].values())) for text, rule in rules.items())


def _alert(rule: Rule, readings: tuple[Reading, ...], now_ms: int) -> NewAlert:
    title, text = message(rule, readings)
    return NewAlert(rule=rule.text, at_ms=now_ms, readings=readings, threshold=rule.threshold, title=title, text=text)
