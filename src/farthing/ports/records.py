"""Reading what was recorded: single calls, lists, sums, and what later calls may learn from earlier ones."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from farthing.domain.budget import AccountKey, Standing
from farthing.domain.hold import Spent
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, Labels, Skeleton
from farthing.domain.usage import Usage


class Share(msgspec.Struct, frozen=True):
    """What one attempt has set aside on one account and what became of that, in the account's base."""

    account: AccountKey
    held: int
    posted: int | None = None
    """None until the attempt has ended; 0 where it was voided."""

    @property
    def amount(self) -> int:
        """What it counts for on the account now: the hold, and from the attempt's end on what was posted."""
        return self.held if self.posted is None else self.posted


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider, as far as it got."""

    opening: AttemptOpening
    state: str
    """`held`, `unknown`, `settled` or `void`."""
    cap: int
    """Output tokens per choice on the wire."""
    shares: tuple[Share, ...] = ()
    """On every account it touches."""
    due_ms: int | None = None
    """When the policy charges an unknown attempt."""
    seen: Spent | None = None
    """The least an unknown attempt must have cost."""
    reason: str = ""
    """Why it is unknown or void."""
    cost_nanos: int | None = None
    """None: not settled, or unpriced."""
    remainder_picos: int = 0
    usage: Usage | None = None
    """None: not settled."""
    source: str = ""
    """Who says what it cost: `provider`, `estimate` or `operator`; "" until settled."""
    tier: str = ""
    """The service tier that was served and billed; "" standard."""
    served_model: str = ""
    response_id: str = ""
    finish: str = ""
    flags: tuple[str, ...] = ()
    settled_ms: int | None = None


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's correction of an attempt that was settled or unknown: who, why, and what stood there before and after."""

    attempt: int
    at_ms: int
    by: str
    reason: str
    before: str
    """JSON of state, source, cost, usage, charges (held) and posted (null while the outcome was unknown)."""
    after: str


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of one call."""

    opening: CallOpening
    closing: CallClosing | None
    """None while it runs, or where its process died."""
    skeleton: Skeleton
    attempts: tuple[AttemptRecord, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


class CallSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of calls."""

    id: int
    arrived_ms: int
    key: str
    labels: Labels
    model: str
    """As the caller named it."""
    streamed: bool
    outcome: str
    """As in `CallClosing`; "" while it runs, or where its process died."""
    code: str
    status: int | None
    finished_ms: int | None
    attempts: int
    """Those that may have reached a provider."""
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    """Of what is settled and priced; the three counts below say how far that is the whole."""
    estimated: int
    """Attempts charged by a policy instead of a provider's usage."""
    unpriced: int
    open: int
    """Attempts still held or unknown."""


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """Exact sums over the calls of one group."""

    group: tuple[str, ...]
    """One value for each name asked for; "" where a call has none."""
    calls: int
    """Each call counts once, where its first attempt is."""
    refused: int
    attempts: int
    """Those that may have reached a provider."""
    usage: Usage
    """Of settled attempts."""
    cost_nanos: int
    remainder_picos: int
    estimated_nanos: int
    """The part of `cost_nanos` that a policy charged."""
    unpriced: int
    """Settled attempts without a price."""
    open: int
    """Attempts still held or unknown: their cost is not in the sums yet."""
    naive_nanos: int = 0
    """What the settled and priced attempts would have cost as their callers asked: the model that was named, at its
    standard rates, with nothing read from or written to a provider's cache. Cost minus this is what was saved, or lost."""


class Ratio(msgspec.Struct, frozen=True):
    """How many input tokens a provider counted for so many bytes of text."""

    provider: str
    model: str
    text_bytes: int
    input_tokens: int


class Records(Protocol):
    """Never writes and never keeps the store from shrinking its log for more than a second. Blocking: call off the event loop.

    Shows what is durable, which may be 10 ms behind. Raises LedgerUnavailable when the store cannot be read.
    """

    def call(self, id: int) -> CallRecord | None: ...

    def recent(
        self,
        *,
        limit: int,
        before_id: int | None = None,
        key: str | None = None,
        labels: Labels = (),
        outcome: str | None = None,
        run: str | None = None,
        from_id: int = 0,
    ) -> tuple[CallSummary, ...]:
        """The newest calls first. Give the last `id` of a page as `before_id` for the next. What few calls fit is looked
        for through all the past, or down to `from_id`."""
        ...

    def reach(self, calls: int, before_id: int | None = None) -> int:
        """The id of the oldest of so many calls before that one (before all: the newest); 0 where no older ones are left.
        A search bounded by it takes about as long, whatever it finds."""
        ...

    def usage(self, *, by: tuple[str, ...], since_ms: int, until_ms: int) -> tuple[UsageRow, ...]:
        """Sums of calls that arrived in `since_ms <= t < until_ms`, ordered by group.

        `by` names labels, or `model` (as the provider was asked), `provider`, `key`, `outcome`, `day` (UTC, like
        `2026-11-30`).
        """
        ...

    def accounts(self, budget: str | None = None) -> tuple[Standing, ...]:
        """How every account stands (of one budget, if named), without limits: those are the configuration's."""
        ...

    def ratios(self, limit: int = 1_000) -> Iterable[Ratio]:
        """The last `limit` attempts of each model whose provider reported usage, newest first; not more than a bounded past."""
        ...

    def context_of(self, tenant: str, response_id: str) -> int | None:
        """The tokens a call inherits that points to this response; None where it is unknown or still pending."""
        ...

    def pending_response(self, tenant: str, response_id: str) -> int | None:
        """The attempt that will be settled when this response is fetched; None where there is none to settle."""
        ...
