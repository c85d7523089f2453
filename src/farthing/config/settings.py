"""The whole of `farthing.toml`: one struct a table, one field a setting, with its default. Read it top to bottom.

A field whose name differs in the file says so (`name=`): units end our names, and the file says "20s". Settings marked
`Later` are checked and kept, and `farthing check` warns that nothing acts on them yet.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import field

from farthing.config import values
from farthing.config.problems import Problem
from farthing.config.values import (
    Count,
    LabelNames,
    Later,
    Name,
    Named,
    Pairs,
    Patterns,
    Positive,
    Read,
    Seconds,
    Secret,
    SecretText,
    Share,
    Size,
    Text,
    Usd,
)

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
    """Its free token count may be asked when a tighter bound is needed (anthropic)."""
    proxy: Annotated[Secret | None, Read(values.secret)] = None
    """`http://[user:password@]host:port`; needs the extra `farthing[proxy]`."""
    connect_seconds: Seconds = field(default=10.0, name="connect_timeout")
    first_byte_seconds: Seconds = field(default=600.0, name="first_byte_timeout")
    """From the request sent to the first byte of the answer: a model may think for minutes."""
    idle_seconds: Seconds = field(default=300.0, name="idle_timeout")
    """Between two pieces of an answer."""


class SoftStep(msgspec.Struct, frozen=True, kw_only=True):
    at: Share
    do: tuple[Literal["alert", "downgrade", "land"], ...]


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    match: Patterns = ()
    limit_nanos: Annotated[int | None, Read(values.usd)] = field(default=None, name="limit")
    tokens: Annotated[int | None, Read(values.count)] = None
    input_tokens: Annotated[int | None, Read(values.count)] = None
    output_tokens: Annotated[int | None, Read(values.count)] = None
    calls: Annotated[int | None, Read(values.count)] = None
    window: Annotated[str, Read(values.window)] = "lifetime"
    tz: Annotated[str, Read(values.zone)] = "UTC"
    each: Annotated[str, Read(values.label_name)] = ""
    soft: Annotated[tuple[SoftStep, ...], Later("nothing happens before the limit itself")] = ()
    hard: Literal["block", "approve", "off"] = "block"
    floor: Positive = 256
    wait_seconds: Seconds = field(default=20.0, name="wait")
    unknown: Literal["charge_hold", "charge_seen"] | None = None
    """What an outcome nobody knows is charged; by default the whole hold, or what was seen where `hard` is off."""
    bound: Literal["auto", "strict"] = "auto"
    per_call: Annotated[Usd | None, Later("single calls are limited by the whole budget only")] = None
    per_output: Annotated[Count | None, Later("single answers are limited by the whole budget only")] = None
    approve_wait_seconds: Annotated[Seconds | None, Later("nobody is asked")] = field(default=None, name="approve_wait")
    land_output: Annotated[Count | None, Later("nothing is kept back for a last answer")] = None
    currency: str = "USD"
    was: Annotated[Name | None, Later("a renamed budget starts with nothing spent")] = None


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
    rights: tuple[Literal["call", "admin"], ...] = ("call",)


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


class Context(msgspec.Struct, frozen=True, kw_only=True):
    plan: Literal["off", "window", "prune", "tiers", "auto"] = "auto"
    keep_turns: Positive = 10


class Output(msgspec.Struct, frozen=True, kw_only=True):
    default_cap: Positive = 8_192
    """Output tokens of a call that names no cap."""
    reasoning_cap: Positive = 32_000
    """The same where the call reasons."""


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    same_call: Annotated[int | None, Read(values.positive)] = None
    tool_calls: Annotated[int | None, Read(values.positive)] = None
    minutes: Annotated[int | None, Read(values.positive)] = None
    idle_after_seconds: Annotated[float | None, Read(values.seconds)] = field(default=None, name="idle_after")
    poll: tuple[str, ...] = ()


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    when: Name
    to: Annotated[tuple[Secret, ...], Read(values.secrets)] = ()


class Record(msgspec.Struct, frozen=True, kw_only=True):
    content: Annotated[Literal["off", "on"], Later("contents are never kept")] = "off"
    retention_seconds: Annotated[Seconds | None, Later("records are kept for ever")] = field(
        default=None, name="retention"
    )


class Admin(msgspec.Struct, frozen=True, kw_only=True):
    listen: Annotated[str, Later("the admin side answers where the gateway does, to loopback only")] = ""


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
    tiers: Annotated[dict[str, tuple[str, ...]], Later("calls use the model they name")] = {}
    budgets: tuple[Budget, ...] = ()
    limits: Annotated[tuple[Limit, ...], Later("rates are not limited")] = ()
    keys: tuple[Key, ...] = ()
    routes: Annotated[tuple[Route, ...], Later("calls use the model they name")] = ()
    cache: Annotated[Cache | None, Later("no answer is cached")] = None
    prefix: Annotated[Prefix | None, Later("provider caching is left to the caller")] = None
    context: Annotated[Context | None, Later("messages are sent as they are")] = None
    output: Output = Output()
    guard: Annotated[Guard | None, Later("loops are not detected")] = None
    alerts: Annotated[tuple[Alert, ...], Later("nobody is told")] = ()
    prices: tuple[Open, ...] = ()
    """As `pricing.contract.read_contracts` takes them; checked by it."""
    record: Record = Record()
    admin: Admin = Admin()
    gateway: Gateway = Gateway()
    telemetry: Annotated[Open, Later("nothing is exported")] = {}
    audit: Annotated[Open, Later("changes are kept in the store only")] = {}
    currencies: Annotated[Open, Later("amounts are in USD")] = {}


class Settings(File, frozen=True, kw_only=True):
    """Everything, read once: the file, the environment and the command line, over the defaults."""

    file: str = ""
    """The file's name as it was given; "" without one."""
    origins: Mapping[str, str] = {}
    """Where each value that is no default came from, by its dotted path: `budgets[0].limit` is `farthing.toml:12`."""
    warnings: tuple[Problem, ...] = ()
    """What is accepted but deserves a look; `farthing check` and the start of the gateway say it."""
