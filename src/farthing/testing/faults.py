"""Faults: the ways in which the provider misbehaves on demand, and how one is chosen for a request."""

import random
from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

KINDS = {
    "latency": "waits `seconds` before the headers",
    "slow": "waits `seconds` before every event of a stream",
    "silence": "takes the request and never answers",
    "error": "answers with `status` (and `retry_after`)",
    "error_body": "answers 200 with an error in the body",
    "reset_before_headers": "resets the connection without a byte of answer",
    "reset_after_headers": "resets the connection after the headers",
    "reset_mid_body": "resets the connection in the middle of the body",
    "reset_after_events": "resets the connection after `events` events of a stream",
    "truncate": "ends cleanly, but too early: half a body, or a stream of `events` events without its end",
    "malformed": "breaks the JSON of the body, or of event number `events`",
    "malformed_usage": "breaks the JSON of the event that carries the final usage",
    "no_usage": "never says what was used",
    "usage_twice": "sends the event with the final usage twice",
    "usage_every_chunk": "repeats the usage so far with every piece of a stream",
    "usage_with_choices": "puts the usage into a chunk whose choices are not empty (chat)",
    "zero_usage": "starts a stream with usage that is all zero",
    "negative_usage": "reports negative counts",
    "huge_usage": "reports counts of 10^15",
    "error_event": "sends the dialect's error event after `events` events, and ends",
    "overrun": "ignores the output cap and writes `times` times as much, truthfully reported",
}
"""Every kind, with what the provider does."""

_UNBILLED = frozenset({"error", "error_body"})
_STATUSES = ("400", "401", "403", "404", "408", "413", "429", "500", "502", "503", "529")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One misbehaviour. What each field means depends on the kind; see `KINDS`."""

    kind: str
    status: int = 500
    retry_after: str | None = None
    seconds: float = 0.05
    events: int = 3
    times: int = 4
    billed: bool | None = None
    """Whether the tokens are charged; None for the kind's own way: refusals are free, everything else is charged."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are {', '.join(KINDS)}")

    @property
    def charges(self) -> bool:
        return self.kind not in _UNBILLED if self.billed is None else self.billed


def parse_fault(text: str) -> Fault:
    """A fault as people write it: `no_usage`, `429`, `429:retry_after=2`, `reset_after_events:events=5`, `error:status=500,billed=true`.

    Raises ValueError that says what is wrong.
    """
    kind, _, rest = text.strip().partition(":")
    fields: dict[str, object] = dict(_field(pair) for pair in rest.split(",") if pair.strip())
    if kind in _STATUSES:
        kind, fields = "error", {"status": kind, **fields}
    try:
        return msgspec.convert({"kind": kind, **fields}, Fault, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"{text!r} is not a fault: {error}") from error


def _field(pair: str) -> tuple[str, str]:
    name, mark, value = pair.partition("=")
    if not mark or name.strip() not in Fault.__struct_fields__:
        raise ValueError(f"{pair!r} is no setting of a fault; settings are {', '.join(Fault.__struct_fields__[1:])}")
    return name.strip(), value.strip()


def fault_of(fault: Fault | str) -> Fault:
    return parse_fault(fault) if isinstance(fault, str) else fault


class FaultPlan:
    """Chooses the fault of each request: first what the request itself names, then the queue, then chance.

    The queue holds one place a request; None in it is a request that goes well.
    """

    def __init__(
        self,
        queue: Iterable[Fault | str | None] = (),
        chances: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        self._queue: deque[Fault | None] = deque()
        self.push(*queue)
        self.roll(chances or {}, seed)

    def push(self, *faults: Fault | str | None) -> None:
        """Add to the queue. Safe from any thread."""
        self._queue.extend(None if fault is None else fault_of(fault) for fault in faults)

    def roll(self, chances: Mapping[str, float], seed: int = 0) -> None:
        """From now on each request meets one of these faults with its probability; the same seed gives the same sequence."""
        if sum(chances.values()) > 1 or any(chance < 0 for chance in chances.values()):
            raise ValueError("probabilities of faults must not be negative and add up to at most 1")
        self._chances = tuple((parse_fault(text), chance) for text, chance in chances.items())
        self._random = random.Random(seed)  # noqa: S311  repeatable on purpose

    def clear(self) -> None:
        self._queue.clear()
        self._chances = ()

    def next(self, named: str = "") -> Fault | None:
        """The fault of the next request; `named` is the one the request asks for itself."""
        if named:
            return parse_fault(named)
        if self._queue:
            return self._queue.popleft()
        return self._rolled()

    def _rolled(self) -> Fault | None:
        if not self._chances:
            return None
        drawn = self._random.random()
        for fault, chance in self._chances:
            drawn -= chance
            if drawn < 0:
                return fault
        return None
