"""Provider health: errors and latency of each provider's model over a rolling window open its breaker."""

from collections import deque
from enum import StrEnum

import msgspec

from farthing.guard.breaker import Barred, Breaker, Breakers, Closed, HalfOpen, Rules, Through

MOST_TALLIES = 1_024
_SLICES = 12


class Outcome(StrEnum):
    """How one attempt went, as far as it tells of the provider's health."""

    FINE = "fine"
    CALLERS_FAULT = "callers_fault"
    """A 4xx: the provider is there and says no to this call."""
    CONNECT_FAILED = "connect_failed"
    BROKE_OFF = "broke_off"
    """The answer began and did not end: reset, truncated, malformed."""
    TIMED_OUT = "timed_out"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    """429 and 529: it is there and takes no more."""
    NOTHING = "nothing"
    """Never sent, or the client left first: tells nothing."""


FAILURES = frozenset(
    {Outcome.CONNECT_FAILED, Outcome.BROKE_OFF, Outcome.TIMED_OUT, Outcome.SERVER_ERROR, Outcome.OVERLOADED}
)


def outcome_of(status: int) -> Outcome:
    """What an HTTP status of a provider tells of its health."""
    if status in {429, 529}:
        return Outcome.OVERLOADED
    if status in {408, 504}:
        return Outcome.TIMED_OUT
    if status >= 500:
        return Outcome.SERVER_ERROR
    return Outcome.CALLERS_FAULT if status >= 400 else Outcome.FINE


class HealthRules(msgspec.Struct, frozen=True, kw_only=True):
    """When a provider's model counts as ill. Percentages are of the calls in the window."""

    window_ms: int = 60_000
    minimum: int = 20
    """Calls in the window before anything is said."""
    failed_percent: int = 50
    slow_ms: int = 60_000
    """A first byte that takes longer is slow."""
    slow_percent: int = 80
    breaker: Rules = Rules()


class Health(msgspec.Struct, frozen=True):
    """What the window holds of one provider's model."""

    calls: int = 0
    failed: int = 0
    slow: int = 0
    latency_ms: int = 0
    """The mean, of calls that did not fail; 0 where there are none."""


class _Slice:
    """A twelfth of the window."""

    __slots__ = ("calls", "failed", "latency_ms", "number", "slow")

    def __init__(self, number: int) -> None:
        self.number = number
        self.calls = self.failed = self.slow = self.latency_ms = 0


class Providers:
    """Health and breakers by provider and model. Bounded; time never goes back here."""

    __slots__ = ("_now_ms", "_slice_ms", "_tallies", "breakers", "rules")

    def __init__(self, rules: HealthRules | None = None) -> None:
        self.rules = HealthRules() if rules is None else rules
        self.breakers = Breakers(self.rules.breaker, MOST_TALLIES)
        self._slice_ms = max(self.rules.window_ms // _SLICES, 1)
        self._tallies: dict[tuple[str, str], deque[_Slice]] = {}
        self._now_ms = 0

    def allows(self, provider: str, model: str, now_ms: int) -> Through | Barred:
        """May a call go there? What to do where every candidate is barred is for the router to say."""
        return self.breakers.ask((provider, model), self._at(now_ms))

    def observe(
        self,
        provider: str,
        model: str,
        outcome: Outcome,
        *,
        now_ms: int,
        latency_ms: int = 0,
        probe: bool = False,
    ) -> Breaker | None:
        """How an attempt went; `latency_ms` to its first byte, `probe` as `allows` said. The breaker where it changed.

        While the breaker is not closed only the probe tells anything: the others left before it opened.
        """
        now_ms = self._at(now_ms)
        subject = (provider, model)
        before = self.breakers.get(subject)
        if not isinstance(before, Closed):
            after = self._probed(subject, outcome, now_ms) if probe and isinstance(before, HalfOpen) else before
        elif outcome is Outcome.NOTHING:
            after = before
        else:
            after = self._counted(subject, outcome, latency_ms, now_ms)
        return None if after is before else after

    def watches(self, provider: str, model: str) -> bool:
        """Whether anything is counted of it now."""
        return (provider, model) in self._tallies

    def forget(self, provider: str, model: str) -> None:
        """Nothing is wrong with it any more: count no longer."""
        self._tallies.pop((provider, model), None)

    def health(self, provider: str, model: str, now_ms: int) -> Health:
        """What the window holds now."""
        return self._sum(self._tallies.get((provider, model), ()), self._at(now_ms))

    def __len__(self) -> int:
        """Tallies kept."""
        return len(self._tallies)

    def _at(self, now_ms: int) -> int:
        self._now_ms = max(now_ms, self._now_ms)
        return self._now_ms

    def _probed(self, subject: tuple[str, str], outcome: Outcome, now_ms: int) -> Breaker:
        if outcome is Outcome.NOTHING:
            self.breakers.give_back(subject)
            return self.breakers.get(subject)
        if outcome in FAILURES:
            return self.breakers.trip(
                subject, now_ms, f"the call sent to see if {'/'.join(subject)} is back: {outcome}"
            )
        return self.breakers.succeed(subject, now_ms)

    def _counted(self, subject: tuple[str, str], outcome: Outcome, latency_ms: int, now_ms: int) -> Breaker:
        tally = self._tally(subject, now_ms)
        current = tally[-1]
        current.calls += 1
        if outcome in FAILURES:
            current.failed += 1
        else:
            current.latency_ms += latency_ms
            current.slow += latency_ms > self.rules.slow_ms
        why = self._ill(self._sum(tally, now_ms))
        if why is None:
            return self.breakers.get(subject)
        del self._tallies[subject]  # what is known of its illness is in the breaker; afterwards it starts afresh
        return self.breakers.trip(subject, now_ms, f"{'/'.join(subject)}: {why}")

    def _tally(self, subject: tuple[str, str], now_ms: int) -> deque[_Slice]:
        """The subject's slices, the current one last; the longest unused subject makes room for a new one."""
        tally = self._tallies.pop(subject, None)
        if tally is None:
            tally = deque(maxlen=_SLICES)
            if len(self._tallies) >= MOST_TALLIES:
                del self._tallies[next(iter(self._tallies))]
        self._tallies[subject] = tally
        number = now_ms // self._slice_ms
        if not tally or tally[-1].number != number:
            tally.append(_Slice(number))
        return tally

    def _sum(self, tally: deque[_Slice] | tuple[()], now_ms: int) -> Health:
        oldest = now_ms // self._slice_ms - _SLICES
        live = [part for part in tally if part.number > oldest]
        calls, failed = sum(part.calls for part in live), sum(part.failed for part in live)
        answered = calls - failed
        latency_ms = sum(part.latency_ms for part in live) // answered if answered else 0
        return Health(calls, failed, sum(part.slow for part in live), latency_ms)

    def _ill(self, health: Health) -> str | None:
        """What is wrong with it, in words and numbers, or None."""
        rules = self.rules
        if health.calls < rules.minimum:
            return None
        span = f"of {health.calls} calls in {rules.window_ms // 1_000} s"
        if health.failed * 100 >= health.calls * rules.failed_percent:
            return f"{health.failed} {span} failed"
        if health.slow * 100 >= health.calls * rules.slow_percent:
            return f"{health.slow} {span} took longer than {rules.slow_ms // 1_000} s"
        return None
