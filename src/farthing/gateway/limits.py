"""What one client connection may take of us, in bytes, counts and seconds."""

import msgspec


class WireLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one client connection may take of us. Times are checked once a second."""

    connections: int = 10_000
    """At one time; requests on further ones are answered 503."""
    head_bytes: int = 32 * 1024
    headers: int = 100
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    """For the first megabyte; each further megabyte buys another second."""
    stall_seconds: float = 60.0
    """How long a client may leave our bytes unread before it counts as gone."""
    idle_seconds: float = 75.0
    """How long a connection is kept without a request."""
    linger_seconds: float = 2.0
    """How long what a refused client still sends is dropped, so that it reads why."""
    dropped_bytes: int = 4 * 1024 * 1024
    """The same in bytes."""
