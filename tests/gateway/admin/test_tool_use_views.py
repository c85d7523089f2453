"""Uses of tools as they are shown."""

from types import SimpleNamespace

from farthing.call.tool_deadlines import HeldUse
from farthing.call.tool_money import Paying
from farthing.domain.record import AttemptOpening, CallOpening, Skeleton
from farthing.gateway.admin.tool_use_views import held_view, use_view
from farthing.ports.records import AttemptRecord, CallRecord

CALL = 0x10
HELD = HeldUse(Paying(CALL, "search", 5), "a", 1_790_000_000_000, SimpleNamespace(cancel=lambda: None))


def record(**attempt):
    opening = AttemptOpening(
        id=CALL | 1, call_id=CALL, ordinal=1, provider="tool", model="search", book="", bound="exact", input_bound=0
    )
    return CallRecord(
        opening=CallOpening(id=CALL, arrived_ms=1, labels=(("run", "r"),), dialect="tool", model="search"),
        closing=None,
        skeleton=Skeleton(),
        attempts=(AttemptRecord(opening=opening, cap=0, **attempt),),
    )


def test_what_is_held_says_when_it_is_presumed_lost():
    assert held_view(HELD, "r") == use_view(record(state="held"), HELD)
    assert held_view(HELD, "r").expires_at.isoformat() == "2026-09-21T14:13:20+00:00"
    assert use_view(record(state="held"), None).expires_at is None


def test_what_is_unknown_says_when_it_is_charged_and_what_is_settled_what_it_cost():
    unknown = use_view(record(state="unknown", due_ms=1_790_000_000_000), None)
    assert (unknown.state, unknown.cost_usd) == ("unknown", None)
    assert unknown.charged_at is not None
    settled = use_view(record(state="settled", due_ms=1, cost_nanos=5, source="provider"), None)
    assert (settled.cost_usd, settled.source, settled.charged_at) == ("0.000000005", "provider", None)
    assert (settled.id, settled.run, settled.tool) == ("call_0000000000000010", "r", "search")
