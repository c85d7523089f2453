"""The writer thread: batches, urgency, riding along, and an orderly end."""

import threading
import time

from farthing.stores.sqlite.writing.writer import MOST_AT_ONCE, Writer


class Turns:
    """Records the batches it is given; can be made to wait inside one."""

    def __init__(self, pause: float = 60.0) -> None:
        self.batches: list[list[int]] = []
        self.pause = pause
        self.go = threading.Event()
        self.go.set()
        self.inside = threading.Semaphore(0)

    def __call__(self, batch: list[int]) -> float:
        self.batches.append(batch)
        self.inside.release()
        assert self.go.wait(10)
        return self.pause

    def wait_for(self, item: int) -> None:
        deadline = time.monotonic() + 10
        while not any(item in batch for batch in self.batches):
            assert time.monotonic() < deadline
            time.sleep(0.001)


def test_what_queues_while_one_batch_commits_is_the_next_batch():
    turns = Turns()
    writer = Writer(turns, "test")
    assert turns.inside.acquire(timeout=10)
    turns.go.clear()
    writer.submit(0)
    assert turns.inside.acquire(timeout=10)
    for number in range(1, 30):
        writer.submit(number) if number % 2 else writer.submit_later(number)
    turns.go.set()
    writer.stop()
    told, asked = list(range(2, 30, 2)), list(range(1, 30, 2))
    assert [batch for batch in turns.batches if batch] == [[0], told + asked]


def test_what_frees_money_is_written_before_more_is_asked_for():
    turns = Turns()
    writer = Writer(turns, "test")
    assert turns.inside.acquire(timeout=10)
    turns.go.clear()
    writer.submit(-1)
    assert turns.inside.acquire(timeout=10)
    for number in range(MOST_AT_ONCE):
        writer.submit(number)
    writer.submit_later(1_000)
    turns.go.set()
    writer.stop()
    _, first, second = [batch for batch in turns.batches if batch]
    assert first == [1_000, *range(MOST_AT_ONCE - 1)]
    assert second == [MOST_AT_ONCE - 1]


def test_whoever_waits_is_not_answered_before_what_was_queued_earlier():
    """A flush that was answered too soon would call something durable that is not."""
    turns = Turns()
    writer = Writer(turns, "test")
    assert turns.inside.acquire(timeout=10)
    turns.go.clear()
    writer.submit(-1)
    assert turns.inside.acquire(timeout=10)
    for number in range(MOST_AT_ONCE + 1):
        writer.submit_later(number)
    writer.submit(1_000)
    turns.go.set()
    writer.stop()
    _, first, second = [batch for batch in turns.batches if batch]
    assert first == list(range(MOST_AT_ONCE))
    assert second == [MOST_AT_ONCE, 1_000]


def test_what_nobody_waits_for_is_written_all_the_same():
    turns = Turns()
    writer = Writer(turns, "test")
    writer.submit_later(1)
    turns.wait_for(1)
    writer.submit_later(2)
    writer.submit_later(3)
    turns.wait_for(3)
    writer.stop()


def test_nothing_is_lost_and_each_kind_keeps_its_order_between_threads():
    turns = Turns()
    writer = Writer(turns, "test")

    def produce(first: int) -> None:
        for number in range(first, first + 2_000):
            (writer.submit if number % 3 else writer.submit_later)(number)

    threads = [threading.Thread(target=produce, args=(first,)) for first in (0, 10_000, 20_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.stop()
    got = [number for batch in turns.batches for number in batch]
    assert len(got) == 6_000
    for first in (0, 10_000, 20_000):
        from_one = [number for number in got if first <= number < first + 2_000]
        for awaited in (True, False):
            made = [number for number in range(first, first + 2_000) if (number % 3 != 0) == awaited]
            assert [number for number in from_one if (number % 3 != 0) == awaited] == made
    assert max(map(len, turns.batches)) <= MOST_AT_ONCE


def test_stopping_finishes_what_is_queued_and_may_be_done_twice():
    turns = Turns()
    writer = Writer(turns, "test")
    writer.submit_later(1)
    writer.stop()
    writer.stop()
    assert [number for batch in turns.batches for number in batch] == [1]
