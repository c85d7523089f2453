"""Telemetry wired: what is counted, what is told of the present, and where it is sent."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from farthing.alerts.budgets import Limited
from farthing.call.rules import Rules
from farthing.config.settings import Settings
from farthing.config.store import Opened
from farthing.config.telemetry_checks import endpoint_in, service_name
from farthing.config.wiring import budgets_in_force, cards_of
from farthing.domain.budget import AccountKey, Standing
from farthing.domain.errors import BadConfig
from farthing.domain.ids import Mint
from farthing.domain.record import CallOpening
from farthing.notify.in_force import limited
from farthing.ports.directory import Directory
from farthing.ports.history import CardOf
from farthing.ports.records import AttemptRecord, Records
from farthing.pricing.naive import asked_card, explains, naive_nanos
from farthing.stores.commit_times import BOUNDS_SECONDS, CommitTimes
from farthing.telemetry.families import Family
from farthing.telemetry.passing import Passing
from farthing.telemetry.present import Health, Passed, of_budgets, of_health, of_past
from farthing.telemetry.running import Exports, MetricsSender, Running
from farthing.telemetry.tally import NaiveOf, Spread, Tally

log = logging.getLogger("farthing.telemetry")

_MOST_FIRING = 1_000


class Observed(Protocol):
    """What telemetry needs of an engine."""

    settings: Settings
    store: Opened
    directory: Directory
    records: Records
    rules: Rules
    """Swapped whole on reload."""
    mint: Mint
    now_ms: Callable[[], int]


class Telemetry:
    """What telemetry is to an engine. `start` it where calls are served; `scrape` whenever; `stop` before the store closes."""

    def __init__(self, engine: Observed, environment: Mapping[str, str] = os.environ) -> None:
        self._engine = engine
        self._environment = environment
        self._running: Running | None = None
        self.loop_lag_seconds: float | None = None
        """Set by whoever watches the event loop."""
        self.passed = Passed()

    def start(self) -> None:
        """Begin to export, where an endpoint is configured; otherwise nothing is loaded. Raises BadConfig where the extra
        is missing."""
        if endpoint_in(self._engine.settings.telemetry, self._environment):
            self._made().start()

    def scrape(self) -> bytes | None:
        """As `Running.scrape`."""
        return self._made().scrape()

    def forget(self, label: str, value: str, pseudonym: str) -> None:
        """As `Running.forget`."""
        if self._running is not None:
            self._running.forget(label, value, pseudonym)

    def stop(self) -> None:
        """Blocking."""
        if self._running is not None:
            self._running.stop()

    def _made(self) -> Running:
        if self._running is None:
            self._running = self._make()
        return self._running

    def _make(self) -> Running:
        engine, told = self._engine, self._engine.settings.telemetry

        def naive_of(opening: CallOpening, attempt: AttemptRecord) -> int:
            return naive_in(cards_of(engine.rules), opening, attempt)

        tally = Tally(engine.store.trail, labels=told.labels, most_values=told.max_values, naive_of=naive_of)
        return Running(
            engine.store.trail,
            tally,
            holder=f"{os.getpid()}-{engine.mint(engine.now_ms()):016x}",
            clock=engine.now_ms,
            late_ms=lambda: longest_wait_ms(engine.settings),
            present=self._present,
            exports=self._exports(naive_of),
        )

    def _exports(self, naive_of: NaiveOf) -> Exports | None:
        """None where there is no endpoint, or where only the environment names one and the extra is missing: that may be
        meant for others."""
        told = self._engine.settings.telemetry
        if not endpoint_in(told, self._environment):
            return None
        try:
            return _Exports(self._engine, naive_of, self.passed, self._environment)
        except BadConfig as error:
            if told.otlp:
                raise
            log.warning("nothing is exported: %s", error)
            return None

    def _present(self) -> Iterator[Family]:
        engine = self._engine
        stored = engine.directory.load()
        budgets = budgets_in_force(engine.settings, stored)
        limits = limited(budgets, stored.grants, engine.now_ms())
        split = frozenset(budget.name for budget in budgets if budget.each)
        yield from of_budgets([(one, self._accounts(one, split=one.budget in split)) for one in limits])
        held, unknown = engine.store.trail.open()
        times: CommitTimes | None = engine.store.commit_times
        health = Health(
            held=held,
            unknown=unknown,
            firing=len(engine.store.outbox.recent(limit=_MOST_FIRING, firing=True)),
            gates=len(stored.gates),
            commit_bounds=BOUNDS_SECONDS,
            commits=None if times is None else Spread(list(times.counts), times.nanos // 1_000_000),
            loop_lag_seconds=self.loop_lag_seconds,
        )
        yield from of_health(health, self.passed)
        yield from of_past(engine.store.history.summing())

    def _accounts(self, one: Limited, *, split: bool) -> Sequence[Standing]:
        """Its accounts in the windows that are open now; one with nothing in it where nobody spent yet and the budget has
        no account for each value of a label."""
        found = self._engine.store.facts.accounts(one.accounts, one.unit, tuple(w.name for w in one.windows), 0)
        if found or split or not one.windows:
            return found
        return (Standing(AccountKey(one.accounts, "", one.unit, one.windows[0].name), None, 0, 0, 0),)


class _Exports(Exports):
    """The endpoint of the configuration or of the environment, and what goes there."""

    def __init__(self, engine: Observed, naive_of: NaiveOf, passed: Passed, environment: Mapping[str, str]) -> None:
        told = engine.settings.telemetry
        try:
            from farthing.telemetry.otlp import Otlp, Target  # noqa: PLC0415 - an extra, loaded where it is used
        except ImportError as error:
            raise BadConfig(
                "[telemetry] needs OpenTelemetry: pip install 'farthing[telemetry]'", field="telemetry.otlp"
            ) from error
        self._otlp = Otlp(
            Target(
                endpoint=told.otlp,
                headers=tuple((name, secret.reveal()) for name, secret in told.headers),
                service_name=service_name(told, environment),
                attributes=told.attributes,
            )
        )
        self.every_ms = int(told.every_seconds * 1_000)
        self.metrics: MetricsSender | None = self._otlp if told.metrics else None
        self.passing: Passing | None = None
        if told.spans:
            self.passing = Passing(
                engine.store.trail,
                engine.records,
                self._otlp,
                naive_of=naive_of,
                hidden=frozenset(told.hide),
                passed=passed,
            )

    def close(self) -> None:
        self._otlp.close()


def naive_in(card_of: CardOf, opening: CallOpening, attempt: AttemptRecord) -> int:
    """What a settled and priced attempt would have cost as asked, in nano-dollars; 0 where nobody knows what it cost."""
    usage, cost = attempt.usage, attempt.cost_nanos
    if usage is None or cost is None:
        return 0
    explained = explains(
        card_of(attempt.opening),
        usage,
        attempt.tier,
        cost_nanos=cost,
        remainder_picos=attempt.remainder_picos,
        source=attempt.source,
    )
    return naive_nanos(asked_card(opening.model, attempt.opening, card_of), usage, cost, explained=explained)


def longest_wait_ms(settings: Settings) -> int:
    """How long a call may wait for money or for an approval before anything is recorded of it."""
    waits = [budget.wait_seconds + budget.approve_wait_seconds for budget in settings.budgets]
    return int(1_000 * max(waits, default=0.0))
