"""Times of batches fall into the first bound that holds them."""

from farthing.stores.commit_times import BOUNDS_SECONDS, CommitTimes


def test_every_batch_is_counted_once_and_the_longest_too():
    times = CommitTimes()
    for nanos in (1, 500_000, 500_001, 60_000_000_000):
        times.add(nanos)
    assert times.counts[:2] == [2, 1]
    assert times.counts[-1] == 1
    assert sum(times.counts) == 4
    assert len(times.counts) == len(BOUNDS_SECONDS) + 1
    assert times.nanos == 60_001_000_002
