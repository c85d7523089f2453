"""The directory in memory; what it promises as a port is in tests/contracts/test_directory.py."""

import threading

from farthing.domain.budget import Budget
from farthing.ports.directory import Gate
from farthing.stores.memory.directory import MemoryDirectory


def test_threads_take_turns_and_no_change_is_lost():
    directory = MemoryDirectory(now_ms=lambda: 1)

    def put_many(letter):
        for number in range(200):
            directory.put_budget(Budget(name=f"{letter}{number}"), by=letter)

    threads = [threading.Thread(target=put_many, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert directory.version() == 801
    assert len(directory.load().budgets) == len(directory.audit) == 800


def test_a_gate_that_closes_is_a_change_that_others_see():
    directory = MemoryDirectory(now_ms=lambda: 1)
    before = directory.version()
    directory.close_gate(Gate(name="openai/gpt-4o", attempt=1, at_ms=1, detail=""))
    assert directory.version() == before + 1
