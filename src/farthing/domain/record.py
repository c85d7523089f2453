"""Records: what is kept of every call and every attempt. No content: lengths, hashes and names only."""

import msgspec

Labels = tuple[tuple[str, str], ...]
"""Who a call is for, as (name, value) pairs sorted by name: org, team, user, agent, workflow, run, step, and tags."""


class MessageShape(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One message without its words."""

    role: str
    digest: str
    """Keyed hash of the message as it was sent, 16 hex digits: equal messages of one installation have equal digests."""
    bytes: int
    """UTF-8 bytes of its text parts."""
    tools: tuple[str, ...] = ()
    """Names of tools it calls or answers."""
    breakpoint: str = ""
    """The time to live of a cache breakpoint on it: "", `5m` or `1h`."""


class Skeleton(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The shape of a whole request: what reports and replay live on. Its JSON leaves out what is not there."""

    messages: tuple[MessageShape, ...] = ()
    system_digest: str = ""
    tools_digest: str = ""
    prompt_digest: str = ""
    """Of system and tools together: the version of the prompt."""
    tool_names: tuple[str, ...] = ()
    text_bytes: int = 0
    media: tuple[str, ...] = ()
    """Kinds of parts that are not text: `image`, `audio`, `document`."""
    prompt_breakpoint: str = ""
    """The longest time to live of the cache breakpoints on system and tools, where these are no messages."""
    deterministic: bool | None = None
    """An equal request would be answered alike: temperature 0, and all of it in the body. None: nobody recorded that."""


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one stage did to an attempt, or why it did nothing where something was asked of it."""

    stage: str
    """`bound`, `limit`, `compress`, `downgrade`, `shorten`, `hint`, `landing`, `approval`, `cap`, `wait`, `retry` or
    `provider`; a lever of another part says its own."""
    did: str
    """In words; never content."""
    why: str = ""
    saves_nanos: int | None = None
    """What it is expected to save, in nano-dollars; None where the stage cannot say."""
    costs_nanos: int | None = None
    """What it may cost at most beside that, in nano-dollars; None where it costs nothing."""


class CallOpening(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a call when it asks for money or is refused."""

    id: int
    arrived_ms: int
    key: str = ""
    """The name of the key it came with; "" without keys."""
    labels: Labels = ()
    dialect: str = ""
    route: str = ""
    model: str = ""
    """As the caller named it."""
    streamed: bool = False
    cap_asked: int | None = None
    skeleton: bytes = b""
    """`Skeleton` as JSON."""
    parent: str = ""
    """The span that the caller's own `traceparent` names, 16 hex digits; its trace is the label `trace`. "" for none."""


class CallClosing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a call ended, from the client's side of the gateway."""

    id: int
    outcome: str
    """`paid`, `refused`, `unknown`, `unsent` or `failed`."""
    status: int
    """The HTTP status the client got; 499 where it left before one."""
    finished_ms: int
    first_byte_ms: int | None = None
    """Milliseconds from arrival to the first byte of the answer."""
    code: str = ""
    """The refusal's code."""
    detail: str = ""
    """The refusal's numbers or the failure, in words; never content."""


class AttemptOpening(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request to one provider, as it is about to be sent."""

    id: int
    call_id: int
    ordinal: int
    """1 for the first attempt of a call."""
    provider: str
    model: str
    """As the provider is asked for it."""
    book: str
    """Hash of the price book; "" where unpriced."""
    bound: str
    """Which bound sized the hold: `bytes`, `exact`, `provider`, `ratio` or `window`."""
    input_bound: int
    """Input tokens held for."""
    text_bytes: int = 0
    """Bytes of text sent, for learning tokens per byte."""
    choices: int = 1
    """Answers asked for at once; each may be as long as the cap."""
    opened_ms: int = 0
    steps: tuple[Step, ...] = ()
    """What stages changed, in their order; () for a call that went out as it came."""
