"""Lines and bills made by hand."""

from farthing.billing.books import Bill
from farthing.billing.month import span_of
from farthing.ports.billing import BillLine, BillTerms, Sharing

MONTH = "2026-10"
DAY = 86_400_000
OPENS = span_of(MONTH)[0]


def line(
    team="support",
    *,
    agent="bot",
    workflow="",
    day=1,
    model="gpt-4o",
    meter="input",
    quantity=1_000,
    each=2_500_000,
    **more,
):
    """A thousand input tokens of a day, at $2.50 a million."""
    given = {
        "start_ms": OPENS + (day - 1) * DAY,
        "end_ms": OPENS + day * DAY,
        "labels": (team, agent, workflow),
        "provider": "openai",
        "model": model,
        "tier": "",
        "meter": meter,
        "each": each,
        "list_each": each,
        "quantity": quantity,
        "picos": quantity * each,
        "requests": 1,
    }
    return BillLine(**{**given, **more})


def lump(meter, picos, team="support", **more):
    """A line without a price apiece."""
    return line(team, meter=meter, quantity=0, each=0, picos=picos, requests=0, **more)


def other(kind="search", nanos=5_000, team="support", *, bookings=1, **more):
    """What runs cost beside models in a day."""
    amount = {"quantity": bookings, "each": 0, "picos": nanos * 1_000, "requests": 0}
    return line(team, provider="", model="", meter=f"other:{kind}", **amount, **more)


def bill(*lines, by="none", match=(), weights=(), **terms):
    sharing = Sharing(by=by, match=match, weights=weights)
    return Bill(month=MONTH, terms=BillTerms(sharing=sharing, **terms), lines=lines)
