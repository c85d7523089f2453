"""The document of a call's receipt: stable, and the same from the command line and over HTTP.

Amounts are decimal strings of dollars (or of their account's unit), moments ISO 8601 in UTC, ids as people see them.
Fields may be added; what is there keeps its name and meaning.
"""

from datetime import datetime

import msgspec

from farthing.domain.usage import Usage


class AskedView(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked for."""

    model: str
    dialect: str
    streamed: bool
    output_cap: int | None
    """Null where the caller named none."""
    messages: int
    text_bytes: int
    tools: int
    media: tuple[str, ...]
    prompt_digest: str
    """Of system and tools together: the version of the prompt."""


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """What one stage did, and why."""

    stage: str
    did: str
    why: str
    saves_usd: str | None
    """What it was expected to save; null where the stage could not say."""
    costs_usd: str | None
    """What it may cost at most beside that; null for nothing."""


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one kind at one price; `rounding` is what rounding up to whole nano-dollars added."""

    kind: str
    tokens: int
    picos_each: int
    picos: int
    """Pico-dollars, 1e-12 USD: `tokens * picos_each`."""


class SavingView(msgspec.Struct, frozen=True, kw_only=True):
    """What one cause made of the cost; negative where it cost extra."""

    cause: str
    """`model`, `tier`, `cache_read` or `cache_write`."""
    usd: str


class ShareOfReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt set aside on one account and what became of that."""

    budget: str
    value: str
    window: str
    unit: str
    held: str
    posted: str | None
    """Null until the attempt has ended."""
    amount: str
    """What it counts for on the account now."""


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One movement on one account."""

    at: datetime
    attempt: int
    act: str
    """`held`, `settled`, `estimated`, `released` or `corrected`."""
    budget: str
    value: str
    window: str
    unit: str
    held: str
    posted: str


class ChargedView(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt stood before or after a correction."""

    state: str
    source: str
    cost_usd: str | None


class CorrectionView(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's word."""

    attempt: int
    at: datetime
    by: str
    reason: str
    before: ChargedView
    after: ChargedView


class AttemptReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider."""

    ordinal: int
    provider: str
    model: str
    served_model: str
    state: str
    """`held`, `unknown`, `settled` or `void`."""
    source: str
    """Who says what it cost: `provider`, `estimate` or `operator`; "" until settled."""
    reason: str
    flags: tuple[str, ...]
    steps: tuple[StepView, ...]
    bound: str
    input_bound: int
    output_cap: int
    choices: int
    worst_usd: str | None
    usage: Usage | None
    tier: str
    lines: tuple[LineView, ...]
    unexplained: str
    cost_usd: str | None
    remainder_picos: int
    naive_usd: str | None
    savings: tuple[SavingView, ...]
    book: str
    shares: tuple[ShareOfReceipt, ...]
    opened_at: datetime
    settled_at: datetime | None
    due_at: datetime | None
    """When the policy charges an unknown outcome."""


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole account of one call."""

    call: str
    arrived_at: datetime
    key: str
    labels: dict[str, str]
    asked: AskedView
    outcome: str | None
    """Null while it runs, or where its process died."""
    status: int | None
    code: str
    detail: str
    took_ms: int | None
    first_byte_ms: int | None
    attempts: tuple[AttemptReceiptView, ...]
    entries: tuple[EntryView, ...]
    adjustments: tuple[CorrectionView, ...]
    naive_usd: str
    """What the same would have cost as it was asked; `cost_usd` is this less all savings, exactly."""
    savings: tuple[SavingView, ...]
    cost_usd: str
    complete: bool
    """Nothing is open any more and everything settled has a price."""
    adds_up: bool
    """Every nano-dollar stands in a line."""
