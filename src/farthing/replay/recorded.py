"""What replay knows of one past call, whatever kept it: our own store, a provider's log, or a trace of lengths."""

import msgspec

from farthing.domain.record import Labels
from farthing.domain.usage import Usage

Blocks = tuple[tuple[int | str, int], ...]
"""A prompt as (what tells equal parts apart, input tokens), in the order in which the model reads them."""


PER_MESSAGE = {"openai-chat": 6, "openai-responses": 12, "anthropic-messages": 20}
"""Template tokens that a bound by bytes counts for a message with one block (`farthing.wire`), by dialect."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call as it was. Times are milliseconds since 1970; tokens are the provider's own count."""

    id: int
    """As `farthing.domain.ids` makes them; recorded or made up, and rising with arrival."""
    arrived_ms: int
    origin: str
    """Where it is written: `call_0123456789abcdef`, or `file:line`."""
    key: str = ""
    labels: Labels = ()
    dialect: str = "openai-chat"
    route: str = "/chat/completions"
    model: str
    """As the caller named it."""
    provider: str = ""
    """Who was asked; "" where it was refused before that, or nobody says."""
    sent_model: str = ""
    """As the provider was asked for it; "" where nothing was sent."""
    streamed: bool = False
    cap_asked: int | None = None
    cap: int = 0
    """Output tokens per choice on the wire; 0 where nobody says."""
    choices: int = 1
    text_bytes: int = 0
    overhead_tokens: int = 0
    """Input tokens that the bound counted beyond the bytes of text."""
    bound: str = ""
    """Which bound sized its hold, as in `AttemptOpening`; "" where nothing was held."""
    input_bound: int = 0
    """The tokens of that bound."""
    skeleton: bytes = b""
    """`Skeleton` as JSON; b"" where the shape of its messages is unknown."""
    blocks: Blocks = ()
    """The prompt in parts, where a trace gives them instead of a skeleton."""
    outcome: str = "paid"
    """As in `CallClosing`; "" for a call that never ended."""
    code: str = ""
    """The refusal's code."""
    status: int = 200
    attempts: int = 1
    failures: tuple[str, ...] = ()
    """Why earlier attempts of this call were not sent."""
    usage: Usage | None = None
    """Of the attempt that was billed; None where nothing was, or nobody said."""
    cost_nanos: int | None = None
    """What it was billed; None where nobody priced it."""
    remainder_picos: int = 0
    source: str = "provider"
    """Who said so, as in `AttemptRecord`."""
    tier: str = ""
    finish: str = ""
    flags: tuple[str, ...] = ()
    waited_ms: int = 0
    """From its arrival until its money was asked for."""
    first_byte_ms: int | None = None
    """From its arrival."""
    finished_ms: int | None = None
    """None where nobody measured how long it took."""

    @property
    def run(self) -> str:
        return self.label("run")

    def label(self, name: str) -> str:
        """The value of a label; "" where it has none."""
        return next((value for label, value in self.labels if label == name), "")

    @property
    def billed(self) -> bool:
        """A provider, a policy or a person said what it used."""
        return self.usage is not None

    @property
    def took_ms(self) -> int | None:
        """From arrival to the end of the answer; None where nobody measured it."""
        return None if self.finished_ms is None else max(0, self.finished_ms - self.arrived_ms)


def with_input(usage: Usage, input_tokens: int) -> Usage:
    """The same for a prompt of another length; its parts are as great as they were, as far as they fit."""
    if input_tokens == usage.input_tokens:
        return usage
    read = min(usage.cache_read_input_tokens, input_tokens)
    written = min(usage.cache_write_input_tokens, input_tokens - read)
    heard = min(usage.audio_input_tokens, input_tokens)
    return msgspec.structs.replace(
        usage,
        input_tokens=input_tokens,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=min(usage.cache_write_1h_input_tokens, written),
        audio_input_tokens=heard,
        cached_audio_input_tokens=min(usage.cached_audio_input_tokens, heard, read),
    )


def uncached(usage: Usage) -> Usage:
    """The same, of which nothing was read from a cache or written to one."""
    return msgspec.structs.replace(
        usage,
        cache_read_input_tokens=0,
        cache_write_input_tokens=0,
        cache_write_1h_input_tokens=0,
        cached_audio_input_tokens=0,
    )
