"""How long the upstream pool waits for what, and how much it takes."""

import msgspec


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds per phase of one request. Each is checked a few times within its own length, not to the millisecond."""

    wait_seconds: float = 30.0
    """For a connection while all of an origin's are busy. Nothing is sent when it runs out."""
    connect_seconds: float = 10.0
    """Name lookup, TCP and TLS handshake together. Nothing is sent when it runs out."""
    write_seconds: float = 30.0
    """Without the provider taking any more of the request."""
    first_byte_seconds: float = 600.0
    """From the request written to the answer's headers complete: a model may think for minutes before it says a word."""
    idle_seconds: float = 300.0
    """Between two pieces of the body."""
    total_seconds: float = 3600.0
    """The whole of it, from `send` to the last byte."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Caps of the pool, each per origin where nothing else is said."""

    connections: int = 10_000
    waiting: int = 1000
    """Requests that may queue for a connection; the next one is told so at once."""
    keep_seconds: float = 55.0
    """How long an idle connection is kept: a little under the 60 seconds after which most servers drop theirs."""
    age_seconds: float = 600.0
    """A connection older than this is not used again, so that a moved name is noticed."""
    head_bytes: int = 32 * 1024
    """Headers of one answer, interim answers and trailers included."""
    headers: int = 100
    unread_bytes: int = 64 * 1024
    """Body bytes kept for a caller that does not read; above it the provider is made to wait."""
