"""A call as it stands at the door: who asks, for what, and where it may go."""

from urllib.parse import quote

import msgspec

from farthing.domain.record import CallOpening, Labels
from farthing.wire.dialect import Dialect, Draft

Headers = tuple[tuple[bytes, bytes], ...]


class Caller(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who is asking, already identified."""

    key: str = ""
    """The key's name; "" in keyless mode."""
    labels: Labels = ()
    trusted: frozenset[str] | None = None
    """Labels that may choose budgets; None: all of them (keyless mode)."""
    max_values: int = 1_000
    parent: str = ""
    """As in `CallOpening`."""

    @property
    def tenant(self) -> str:
        """Whose earlier answers this caller may point to: those of its own key."""
        return self.key or "(keyless)"


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request, parsed and identified, before anything is decided."""

    id: int
    arrived_ms: int
    dialect: Dialect
    draft: Draft
    caller: Caller
    path: str
    """The provider's path below its base, `/chat/completions`; `{model}` in it stands for the model (Gemini)."""
    query: str = ""
    headers: Headers = ()
    """The caller's headers that may go on to the provider."""
    credential: Headers = ()
    """The caller's own credential, for providers that have none of ours."""
    patience_ms: int | None = None
    """How long the client itself is willing to wait, where it says so."""
    code_for_codex: bool = False
    """Codex retries a 402; it gets a 400 instead."""
    skeleton: bytes = b""

    def address(self, model: str) -> str:
        """The path to send to for this model."""
        return self.path.replace("{model}", quote(model, safe="/@~")) if "{" in self.path else self.path

    def opening(self) -> CallOpening:
        asked = self.draft.asked
        return CallOpening(
            id=self.id,
            arrived_ms=self.arrived_ms,
            key=self.caller.key,
            labels=self.caller.labels,
            dialect=self.dialect.name,
            route=self.path,
            model=asked.model,
            streamed=asked.stream,
            cap_asked=asked.cap,
            skeleton=self.skeleton,
            parent=self.caller.parent,
        )


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One configured provider, ready to be sent to."""

    name: str
    format: str
    """`openai`, `anthropic` or `gemini`: which dialects it speaks."""
    origin: str
    base_path: str = ""
    headers: Headers = ()
    """Its credential and configured headers. Sent to its own origin only."""
    has_credential: bool = True
    models: tuple[str, ...] = ()
    """Names it serves, with a trailing `*` for any ending. Empty: whatever its dialect asks."""
    retries: int = 2
    """Further attempts when nothing was sent."""
    counts_tokens: bool = False
    """It has a free token count that may size a hold."""
    header_names: frozenset[bytes] = frozenset()
    """Of `headers`; found when the provider is made."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "header_names", frozenset(name for name, _ in self.headers))

    def lists(self, model: str) -> bool:
        return any(model.startswith(name[:-1]) if name.endswith("*") else model == name for name in self.models)
