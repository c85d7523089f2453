"""The states of one call, each named for what is true. `drive` walks them; each says all that its successor needs.

NeedsFunds ── reserve ──> Funded ── send ──> Answering ── whole or streamed ──> Over
    │                       │  └───────────────────────────────────────────────> Failed
    ├──> Refused            ├─ nothing sent ─> NeedsFunds
    └──> Over (left)        └──> Over (left)
"""

import msgspec

from farthing.call.arrival import Arrival
from farthing.call.holding import Holding
from farthing.call.plan import Plan
from farthing.domain.refusal import Refusal
from farthing.ports.upstream import Answer


class NeedsFunds(msgspec.Struct, frozen=True, gc=False):
    """Planned, and nothing is held for the attempt of this ordinal."""

    plan: Plan
    ordinal: int = 1


class Funded(msgspec.Struct, frozen=True, gc=False):
    """The worst case is durably held; nothing has been sent."""

    holding: Holding


class Answering(msgspec.Struct, frozen=True, gc=False):
    """The provider has begun to answer: status and headers are here, the body is not."""

    holding: Holding
    answer: Answer


class Refused(msgspec.Struct, frozen=True):
    """Policy says no. Nothing is held; `recorded` is True when the call already has a row from an earlier attempt."""

    arrival: Arrival
    refusal: Refusal
    recorded: bool = False


class Failed(msgspec.Struct, frozen=True):
    """No answer can be had. The hold has been brought to its end; the client is yet to be told."""

    arrival: Arrival
    status: int
    message: str
    code: str
    field: str = ""
    """The field of the body that is at fault, where one is."""
    cost_nanos: int | None = None
    """0 where it is certain that nothing was billed."""


class Over(msgspec.Struct, frozen=True):
    """The client has everything it will get, and every hold has its end."""


OVER = Over()

State = NeedsFunds | Funded | Answering | Refused | Failed | Over
