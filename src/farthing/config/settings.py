"""The whole of `farthing.toml`: one struct a table, one field a setting, with its default. Read it top to bottom.

A field whose name differs in the file says so (`name=`): units end our names, and the file says "20s". Settings marked
`Later` are checked and kept, and `farthing check` warns that nothing acts on them yet.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import field

from farthing.alerts.rule import Rule
from farthing.audit.retention import CLASSES
from farthing.config import alert_values, amounts, audit_values, values
from farthing.config.admin_settings import Admin
from farthing.config.amounts import Money
from farthing.config.billing_settings import Billing
from farthing.config.problems import Problem
from farthing.config.telemetry_settings import Telemetry
from farthing.config.values import (
    Count,
    LabelNames,
    Later,
    Millionths,
    Name,
    Named,
    Pairs,
    Patterns,
    Positive,
    Read,
    Seconds,
    Secret,
    SecretText,
    Size,
    Text,
)
from farthing.domain.budget import Unit
from farthing.domain.currency import DEFAULT_AGE_DAYS, DatedRate
from farthing.notify.address import Target

Open = dict[str, object]
"""A table whose settings come with the version that acts on them."""


class Store(msgspec.Struct, frozen=True, kw_only=True):
    url: Text = "sqlite:///farthing.db"
    """`sqlite:///relative/path.db`, `sqlite:////absolute/path.db` or `memory:`."""
    cache: Annotated[Secret | None, Read(values.secret), Later("everything is kept in the store itself")] = None


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    format: Literal["openai", "anthropic", "gemini"]
    base_url: Annotated[str, Read(values.base_url)] = ""
    """The format's own service where it is not given."""
    api_key: Annotated[Secret | None, Read(values.secret)] = None
    """Without one the caller's own credential is passed on."""
    models: tuple[str, ...] = ()
    """Models it serves; a `*` may stand at the end. Empty: whatever is asked of its format."""
    headers: Annotated[tuple[tuple[str, Secret], ...], Read(values.secret_headers)] = ()
    """Sent with every request to it."""
    retries: Count = 2
    """Further attempts where it is certain that nothing was billed."""
    count_tokens: bool = True
    """Its free token count may be asked when a tighter bound is needed (anthropic, gemini)."""
    proxy: Annotated[Secret | None, Read(values.secret)] = None
    """`http://[user:password@]host:port`; needs the extra `farthing[proxy]`."""
    connect_seconds: Seconds = field(default=10.0, name="connect_timeout")
    first_byte_seconds: Seconds = field(default=600.0, name="first_byte_timeout")
    """From the request sent to the first byte of the answer: a model may think for minutes."""
    idle_seconds: Seconds = field(default=300.0, name="idle_timeout")
    """Between two pieces of an answer."""


class SoftStep(msgspec.Struct, frozen=True, kw_only=True):
    at_millionths: Millionths = field(name="at")
    """Share of the limit, `0.8`."""
    do: tuple[Literal["alert", "compress", "shorten", "downgrade", "hint", "land", "block", "approve"], ...]


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    match: Patterns = ()
    limit: Money | None = None
    tokens: Annotated[int | None, Read(values.count)] = None
    input_tokens: Annotated[int | None, Read(values.count)] = None
    output_tokens: Annotated[int | None, Read(values.count)] = None
    calls: Annotated[int | None, Read(values.count)] = None
    window: Annotated[str, Read(values.window)] = "lifetime"
    tz: Annotated[str, Read(values.zone)] = "UTC"
    each: Annotated[str, Read(values.label_name)] = ""
    soft: tuple[SoftStep, ...] = ()
    hard: Literal["block", "approve", "off"] = "block"
    floor: Positive = 256
    wait_seconds: Seconds = field(default=20.0, name="wait")
    unknown: Literal["charge_hold", "charge_seen"] | None = None
    """What an outcome nobody knows is charged; by default the whole hold, or what was seen where `hard` is off."""
    bound: Literal["auto", "strict"] = "auto"
    per_call: Money | None = None
    """The most one call may cost."""
    per_output: Annotated[int | None, Read(values.positive)] = None
    """The most output tokens of one call."""
    approve_wait_seconds: Seconds = field(default=0.0, name="approve_wait")
    """How long a call waits for an approval, within its caller's own patience, before it is refused with its address."""
    land_output: Positive = 1_024
    """Output tokens kept back for a run's last answer."""
    currency: Annotated[Unit | None, Read(amounts.currency)] = None
    """Of its money; by default that of `limit`."""
    was: Name | None = None
    """The name it had when it first counted: what was spent under that stays spent."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    match: Patterns = ()
    requests: Annotated[int | None, Read(values.positive)] = None
    tokens: Annotated[int | None, Read(values.positive)] = None
    concurrency: Annotated[int | None, Read(values.positive)] = None
    per: Literal["second", "minute", "hour", "day"] = "minute"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    secret: SecretText
    labels: Pairs = ()
    may_set: LabelNames = ()
    require: LabelNames = ()
    max_values: Positive = 1_000
    rights: tuple[Literal["call", "admin", "approve", "metrics", "outcomes", "runs"], ...] = ("call",)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    when: dict[str, str | tuple[str, ...]] = {}
    use: str | tuple[str, ...]
    check: str = ""


class CacheRule(msgspec.Struct, frozen=True, kw_only=True):
    ttl_seconds: Seconds = field(default=86_400.0, name="ttl")
    max_error: Annotated[float | None, Read(values.share)] = None


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    exact: CacheRule | None = None
    near: CacheRule | None = None
    tools: CacheRule | None = None


class Prefix(msgspec.Struct, frozen=True, kw_only=True):
    plan: Literal["off", "system", "auto"] = "auto"
    ttl: Literal["5m", "1h"] | None = None
    """How long a breakpoint keeps; None: as its caller says, and five minutes where it is ours."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    plan: Literal["off", "window", "prune", "tiers", "auto"] = "auto"
    keep_turns: Positive = 10


class Output(msgspec.Struct, frozen=True, kw_only=True):
    default_cap: Positive = 8_192
    """Output tokens of a call that names no cap."""
    reasoning_cap: Positive = 32_000
    """The same where the call reasons."""


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """Circuit breakers of agents, per run (or per key and agent where no run is named)."""

    same_call: Annotated[int | None, Read(values.positive)] = 3
    """The same tool call with the same result, so often in a row."""
    tool_calls: Annotated[int | None, Read(values.positive)] = None
    steps: Annotated[int | None, Read(values.positive)] = None
    """Calls to a model."""
    retries: Annotated[int | None, Read(values.positive)] = None
    """The very same request again, so often in a row."""
    minutes: Annotated[int | None, Read(values.positive)] = None
    """From the first call on."""
    cost: Money | None = None
    velocity: Annotated[int | None, Read(values.positive)] = None
    """Times the usual cost a minute of the run's workflow."""
    open_for_seconds: Seconds = field(default=300.0, name="open_for")
    """How long a breaker stays open before one call may try again."""
    idle_after_seconds: Seconds = field(default=900.0, name="idle_after")
    """A run without a call for so long is idle: nothing is refused, its landing money is freed."""
    orphan_after_seconds: Seconds = field(default=120.0, name="orphan_after")
    """A run that promised heartbeats and misses them for so long is orphaned: it is refused."""
    poll: tuple[str, ...] = ()
    """Tools that may repeat."""
    do: Literal["block", "alert"] = "block"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    when: Annotated[Rule, Read(alert_values.when)]
    to: Annotated[tuple[Target, ...], Read(alert_values.addresses)] = ()
    """Empty: the log alone."""


class Currency(msgspec.Struct, frozen=True, kw_only=True):
    code: Name
    """Three letters, the table's own name."""
    rates: Annotated[tuple[DatedRate, ...], Read(amounts.rates)]
    """Dollars for one unit, by the date from which it holds."""
    max_age_days: Annotated[int, Read(amounts.days)] = field(default=DEFAULT_AGE_DAYS, name="max_age")
    """A rate older than this is stale: money in it is refused under a hard budget."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long records are kept, by class. What they came to stays: accounts, sums of the past, closed periods."""

    calls_ms: Annotated[int | None, Read(audit_values.age)] = field(default=CLASSES["calls"].default_ms, name="calls")
    """Calls with their attempts and corrections; only what a seal of the audit covers is dropped."""
    skeletons_ms: Annotated[int | None, Read(audit_values.age)] = field(
        default=CLASSES["skeletons"].default_ms, name="skeletons"
    )
    """The shape of each request: lengths, digests and tool names."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    keep_ms: Annotated[int | None, Read(audit_values.age)] = field(default=CLASSES["audit"].default_ms, name="keep")
    """How long sealed segments of the chain are kept; their seals are kept for ever."""
    seals_to: str = ""
    """A directory or a file that every seal is written to as well; best on another machine's disk."""
    key: Annotated[Secret | None, Read(audit_values.signing_key)] = None
    """Signs the seals (Ed25519); without it a key is kept in the store."""
    pseudonymous: Annotated[tuple[str, ...], Read(audit_values.personal_labels)] = ()
    """Labels whose values are kept under a pseudonym from their arrival on: `["user"]`."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    content: Literal["off", "on"] = "off"
    """`on` keeps the texts of calls, redacted, in a file of their own."""
    content_match: Patterns = ()
    """Only of calls with these labels; all where empty."""
    content_bytes: Size = 256 * 1024
    """Of each text; what is longer is cut after redaction."""
    content_for_seconds: Seconds = field(default=30 * 86_400.0, name="content_for")
    """How long they are kept."""
    redact: Annotated[tuple[str, ...], Read(values.expressions)] = ()
    """Regular expressions of your own; what they match becomes `[redacted]`."""
    retention: Retention = Retention()


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Read(values.port)] = 4141
    body_bytes: Size = field(default=32 * 2**20, name="max_body")
    concurrency: Positive = 10_000
    """Connections at one time; further ones are answered 503."""
    answer_bytes: Size = field(default=64 * 2**20, name="max_answer")
    """The longest whole answer that is taken from a provider."""
    drain_seconds: Seconds = field(default=30.0, name="drain")
    """On SIGTERM: how long calls in flight may take to finish."""
    abandoned_seconds: Seconds = field(default=60.0, name="abandoned")
    """How long an answer whose client has left is read on, to learn what it cost."""
    abandoned: Count = field(default=256, name="max_abandoned")
    unknown_after_seconds: Seconds = field(default=600.0, name="unknown_after")
    """When an outcome nobody knows is charged by the budget's policy."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the file may say. All of it may be missing."""

    store: Store = Store()
    providers: Annotated[tuple[Provider, ...], Named("name")] = ()
    tiers: dict[str, tuple[str, ...]] = {}
    """Models by size, the cheapest tier first: what `downgrade` chooses from."""
    budgets: tuple[Budget, ...] = ()
    limits: tuple[Limit, ...] = ()
    keys: tuple[Key, ...] = ()
    routes: Annotated[tuple[Route, ...], Later("calls use the model they name")] = ()
    cache: Annotated[Cache | None, Later("no answer is cached")] = None
    prefix: Annotated[Prefix | None, Later("provider caching is left to the caller")] = None
    context: Annotated[Context | None, Later("messages are sent as they are")] = None
    output: Output = Output()
    guard: Guard | None = None
    """Without it loops only alert."""
    alerts: tuple[Alert, ...] = ()
    prices: tuple[Open, ...] = ()
    """As `pricing.contract.read_contracts` takes them; checked by it."""
    record: Record = Record()
    admin: Admin = Admin()
    gateway: Gateway = Gateway()
    telemetry: Telemetry = Telemetry()
    audit: Audit = Audit()
    currencies: Annotated[tuple[Currency, ...], Named("code")] = ()
    billing: Billing = Billing()


class Settings(File, frozen=True, kw_only=True):
    """Everything, read once: the file, the environment and the command line, over the defaults."""

    file: str = ""
    """The file's name as it was given; "" without one."""
    origins: Mapping[str, str] = {}
    """Where each value that is no default came from, by its dotted path: `budgets[0].limit` is `farthing.toml:12`."""
    warnings: tuple[Problem, ...] = ()
    """What is accepted but deserves a look; `farthing check` and the start of the gateway say it."""
