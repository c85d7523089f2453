"""Alerts: the facts of the ledger that they are judged on, and the durable outbox that they leave by."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from farthing.domain.budget import Standing, Unit


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What one group of calls came to in some stretch of time: of settled attempts, as far as they are known."""

    value: str
    """The label's value; "" where a call has none, or where everything is one group."""
    attempts: int = 0
    cost_nanos: int = 0
    input_tokens: int = 0
    cache_read_input_tokens: int = 0
    successes: int | None = None
    """Of the runs that began in that time, those that somebody said succeeded; None where nobody says."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """How the input of one agent's calls in one run has grown. Tokens are sums over so many turns each."""

    run: str
    agent: str
    first_tokens: int
    """Input of the first `FIRST_TURNS` turns that were ever looked at."""
    last_tokens: int
    """Input of the last `FIRST_TURNS` turns."""


FIRST_TURNS = 3
"""How many turns stand for the beginning of a run, and for its end."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened that a rule may want to tell: a loop was found, somebody was suspended, an approval is wanted."""

    kind: str
    """`suspended`, `loop`, `orphan`, `approval`."""
    subject: str
    """Whom or what: `agent triage`, `run r17`. The same subject is told once until it has been quiet for an hour."""
    detail: str = ""
    at_ms: int


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """How often something happened to one subject, and the last detail."""

    subject: str
    times: int
    detail: str = ""


class Facts(Protocol):
    """What alerts ask of the ledger. Blocking: call off the event loop. Raises LedgerUnavailable.

    Every answer takes well under a second: what has ended long enough is summed once and kept.
    """

    def stamp(self) -> int:
        """Another number when anything in the ledger may have changed. Cheap enough to ask every second."""
        ...

    def accounts(self, budget: str, unit: Unit, windows: tuple[str, ...], at_least: int) -> tuple[Standing, ...]:
        """Accounts of these windows (where none is named: the newest runs') that have spent `at_least`, without limits."""
        ...

    def sums(self, by: str, since_ms: int, until_ms: int) -> tuple[Sums, ...] | None:
        """One for each value of this label ("": all calls are one group), of calls that arrived in that time.

        `by` may also be one of the names that `Records.usage` knows, like `model`. What is settled more than
        an hour after its own, or corrected ten minutes after it was settled, may be missing. None: the past is still being summed; ask again at the next round.
        """
        ...

    def contexts(self, since_ms: int, until_ms: int) -> tuple[Context, ...]:
        """Of the runs with at least `FIRST_TURNS` turns in this time."""
        ...

    def happenings(self, kind: str, since_ms: int) -> tuple[Happening, ...]:
        """`overrun`: attempts since then that cost more than was held. `provider_overran`: gates that are closed.
        `unknown`: attempts whose outcome nobody knows yet. Any other kind: noted events since then."""
        ...

    def close(self) -> None: ...


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found about one subject."""

    subject: str
    """Whom or what it is about; "" for everything together."""
    value: int | None
    """In the rule's own base; None: there is no data, or not enough yet."""
    breached: bool = False
    calm: bool = False
    """Far enough on the good side to be ready to fire again."""
    window: str = ""
    """A new window is a new beginning; "" where there is none."""
    detail: str = ""
    """The numbers behind it, in words."""


class Address(msgspec.Struct, frozen=True):
    """Where an alert goes, without its secret."""

    digest: str
    """Names the address in the outbox: part of the SHA-256 of its whole text."""
    label: str
    """For people: `log`, `https://hooks.example.com`, `slack (env:ALERT_URL)`."""


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that a rule has told about and that is not ready to fire again."""

    subject: str
    window: str
    alert: int


class NewAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert about to be told. More than a few subjects that cross together share one."""

    rule: str
    """As it is written in the configuration, tidied: the rule's name."""
    at_ms: int
    readings: tuple[Reading, ...]
    threshold: int
    title: str
    text: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One alert to one address, as far as it got."""

    id: int
    alert: int
    address: Address
    state: str
    """`waiting`, `sent`, `dead` (given up) or `dropped` (acknowledged before it went out)."""
    attempts: int
    next_ms: int
    last_error: str = ""
    ended_ms: int | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that was told."""

    id: int
    at_ms: int
    rule: str
    subject: str
    """Of the first reading; `text` names the others."""
    value: int | None
    threshold: int
    title: str
    text: str
    state: str
    """`firing`, or `over` once every subject in it is ready to fire again."""
    ended_ms: int | None = None
    acknowledged_by: str = ""
    acknowledged_ms: int | None = None
    deliveries: tuple[Delivery, ...] = ()


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that this worker alone may make until its lease ends."""

    delivery: int
    attempt: int
    """1 for the first."""
    address: Address
    alert: Alert
    key: str
    """The same for every attempt: a receiver that sees it twice has seen one alert."""


class Outbox(Protocol):
    """Every change is durable when the call returns. Blocking: call off the event loop. Raises LedgerUnavailable, and
    then nothing changed. Several processes may use one outbox: of those that see the same crossing, one tells it."""

    def fired(self, rule: str) -> tuple[Fired, ...]: ...

    def tell(self, alert: NewAlert, to: Sequence[Address]) -> Alert | None:
        """Keep an alert and its deliveries, in one act. None, and nothing kept, where all its subjects are told already."""
        ...

    def rearm(self, rule: str, fired: Sequence[Fired], now_ms: int) -> None:
        """These may fire again; an alert without any subject left is over. What was told anew meanwhile stays."""
        ...

    def acknowledge(self, alert: int, by: str, now_ms: int) -> None:
        """Somebody has seen it: what is not yet delivered is dropped. Again: nothing. Raises BadRequest for none such."""
        ...

    def note(self, *events: Event) -> None:
        """Keep what happened, all of it or nothing."""
        ...

    def claim(self, addresses: Collection[str], now_ms: int, lease_ms: int) -> Parcel | None:
        """The delivery that is due longest, to one of these digests, for this caller alone until the lease ends."""
        ...

    def sent(self, parcel: Parcel, now_ms: int) -> None: ...

    def failed(self, parcel: Parcel, error: str, next_ms: int | None, now_ms: int) -> None:
        """Try again then; None: give up. Nothing where the lease was lost to another worker meanwhile."""
        ...

    def bury(self, before_ms: int, now_ms: int) -> int:
        """Give up what was told before then and nobody could deliver, its address gone from the configuration included."""
        ...

    def recent(self, *, limit: int, before_id: int | None = None, firing: bool = False) -> tuple[Alert, ...]:
        """The newest first, with their deliveries. `firing`: only those that are not over."""
        ...

    def find(self, alert: int) -> Alert | None: ...

    def forget(self, before_ms: int) -> int:
        """Drop alerts that are over and events, both from before then. Returns how many alerts."""
        ...

    def close(self) -> None: ...
