"""The ledger of a replay: the one in memory, with recorded amounts where the record stands, and what became of each call."""

from collections.abc import Callable

import msgspec

from farthing.budgets.open_hold import Ended, OpenHold
from farthing.domain.hold import Loss, Reserve, Reserved, Settlement
from farthing.domain.ids import call_of
from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.record import CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.memory.records import Records

_NOTHING = Usage()


class Stands(msgspec.Struct, frozen=True, gc=False):
    """What a call was billed: it holds as long as model and usage do and the policy leaves the model's price alone."""

    provider: str
    model: str
    usage: Usage
    cost_nanos: int | None
    remainder_picos: int
    source: str


class Fate:
    """What has become of one call so far."""

    __slots__ = (
        "attempts",
        "cap",
        "clamped",
        "closing",
        "cost_nanos",
        "flags",
        "model",
        "provider",
        "source",
        "state",
        "usage",
    )

    def __init__(self) -> None:
        self.attempts = 0
        self.provider = self.model = ""
        self.cap = 0
        self.clamped = False
        self.state = ""
        """As in `AttemptRecord`, of its last attempt; "" where none was held."""
        self.usage = _NOTHING
        self.cost_nanos: int | None = 0
        self.source = ""
        self.flags: tuple[str, ...] = ()
        self.closing: CallClosing | None = None


class ReplayLedger(MemoryLedger):
    """Decides like any other; only what is recorded is not summed anew."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock=clock, steady=clock)
        self.records = self.fates = Fates()
        self.stands: dict[int, Stands] = {}
        """By call, while it is under way."""

    def settle(self, settlement: Settlement) -> None:
        call = call_of(settlement.attempt)
        stands, fate = self.stands.get(call), self.fates.of(call)
        if stands is not None and (stands.provider, stands.model) == (fate.provider, fate.model):
            settlement = _as_recorded(settlement, stands)
        super().settle(settlement)


class Fates(Records):
    """Keeps of each call what a replay shows, until it is taken. Only the ledger writes here."""

    def __init__(self) -> None:
        super().__init__(keep=0)
        self._fates: dict[int, Fate] = {}

    def of(self, call: int) -> Fate:
        fate = self._fates.get(call)
        if fate is None:
            fate = self._fates[call] = Fate()
        return fate

    def take(self, call: int) -> Fate:
        """The end of a call, which is forgotten here."""
        return self._fates.pop(call, None) or Fate()

    def opened(self, opening: CallOpening) -> None:
        self.of(opening.id)

    def held(self, ask: Reserve, granted: Reserved, hold: OpenHold) -> None:  # noqa: ARG002 - the journal's signature
        fate = self.of(ask.opening.call_id)
        fate.attempts += 1
        fate.provider, fate.model = ask.opening.provider, ask.opening.model
        fate.cap, fate.clamped, fate.state = granted.cap, granted.clamped, "held"

    def settled(self, settlement: Settlement, ended: Ended) -> None:  # noqa: ARG002
        fate = self.of(call_of(settlement.attempt))
        fate.state, fate.usage, fate.cost_nanos = "settled", settlement.usage, settlement.cost_nanos
        fate.source, fate.flags = settlement.source, settlement.flags

    def estimated(self, ended: Ended) -> None:
        """Nothing to tell: what nobody knew then is settled as it was recorded."""

    def voided(self, reason: str, ended: Ended, at_ms: int) -> None:  # noqa: ARG002
        self.of(call_of(ended.hold.attempt)).state = "void"

    def lost(self, loss: Loss) -> None:
        fate = self.of(call_of(loss.attempt))
        fate.state, fate.cost_nanos, fate.flags = "unknown", None, loss.flags

    def closed(self, closing: CallClosing | None) -> None:
        if closing is not None:
            self.of(closing.id).closing = closing


def _as_recorded(settlement: Settlement, stands: Stands) -> Settlement:
    if settlement.usage != stands.usage:
        return settlement
    cost, rest = stands.cost_nanos, stands.remainder_picos
    if (settlement.cost_nanos, settlement.remainder_picos) == (cost, rest):
        return settlement
    picos = 0 if cost is None else cost * PICOS_PER_NANO - rest
    return msgspec.structs.replace(
        settlement,
        cost_nanos=cost,
        remainder_picos=rest,
        source=stands.source,
        spent=msgspec.structs.replace(settlement.spent, picos=picos),
    )
