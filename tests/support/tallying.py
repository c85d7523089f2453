"""A trail in memory over calls that a test makes, and a tally of it."""

from farthing.domain.ids import EPOCH_MS
from farthing.ports.records import Adjustment
from farthing.stores.memory.records import Records
from farthing.stores.memory.trail import MemoryTrail
from farthing.telemetry.tally import Tally
from support.recorded import DAY_MS, a_call

NOW_MS = EPOCH_MS + DAY_MS
LATER_MS = NOW_MS + 60_000


def a_trail(*calls):
    """(records, trail): put more calls into the records at any time."""
    records = Records()
    for call in calls:
        records.put(call)
    return records, MemoryTrail(records)


def a_tally(trail, labels=("team",), most_values=100, naive=lambda opening, attempt: attempt.cost_nanos * 2):
    return Tally(trail, labels=labels, most_values=most_values, naive_of=naive)


def tallied(*calls, **options):
    tally = a_tally(a_trail(*calls)[1], **options)
    tally.bring_on(LATER_MS, 0, 1_000)
    return tally


def paid(number, team="a", cost_nanos=1_000, **more):
    return a_call(number, labels=(("team", team),), attempts=({"cost_nanos": cost_nanos, **more},))


def adjustment(attempt, before, after, at_ms=LATER_MS):
    """A correction as the ledger's file writes it: states by their number."""
    return Adjustment(attempt=attempt, at_ms=at_ms, by="op", reason="invoice", before=before, after=after)
