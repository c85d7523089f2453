"""Results of tools, kept to be used again: what a cache of them must do. Off unless a tool asks for it."""

from typing import NamedTuple, Protocol


class ToolKey(NamedTuple):
    """One call of one tool, told apart from the calls of everybody else."""

    tenant: str
    """Whose result it is: nothing is ever given to another tenant."""
    tool: str
    version: str
    """Of the tool's own making; another version shares nothing."""
    arguments: bytes
    """`farthing.wire.history.digest_of_arguments`: equal for arguments that mean the same."""


class ToolResults(Protocol):
    """A cache: what is in it may be gone at any time. A broken one is a miss, never an error of the tool."""

    async def get(self, key: ToolKey, *, now_ms: int) -> bytes | None:
        """The result as it was put there; None where there is none, or its time is over."""
        ...

    async def put(self, key: ToolKey, result: bytes, *, now_ms: int, ttl_ms: int) -> None:
        """Keep it until `now_ms + ttl_ms`. A later result of the same key replaces it."""
        ...
