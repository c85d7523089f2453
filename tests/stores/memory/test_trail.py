"""The trail in memory sees what the ledger writes, and nothing of what nobody passes on. Its promises: tests/contracts."""

from farthing.domain.record import Skeleton
from support.recorded import a_call
from support.tallying import a_trail


def test_it_sees_at_once_what_is_recorded_and_leaves_out_shapes_and_shares():
    records, trail = a_trail()
    records.put(a_call(1, attempts=({},)))
    [call] = trail.after(0, 10)
    assert call.skeleton == Skeleton()
    assert call.attempts[0].shares == ()
    assert records.by_id()[call.opening.id].attempts[0].shares != ()
