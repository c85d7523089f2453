"""The look for dead processes: it goes on through failures, and tells when it found something."""

import asyncio

import pytest

from farthing.config.bereaving import bereave_for_ever
from farthing.domain.errors import LedgerUnavailable


class Store:
    """Answers a look as it is told, one after another, and then stops the loop."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.done = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def bereave(self):
        if not self._answers:
            self._loop.call_soon_threadsafe(self.done.set)
            return ()
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def looked(*answers):
    found = []
    store = Store(*answers)
    looking = asyncio.create_task(bereave_for_ever(store, lambda: found.append(True), every=0))
    await asyncio.wait_for(store.done.wait(), 10)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    return len(found)


def test_only_what_was_found_is_told():
    assert asyncio.run(looked((), ("r1", "r2"), ())) == 1


def test_a_store_that_cannot_be_used_now_is_asked_again():
    assert asyncio.run(looked(LedgerUnavailable("the disk is full"), ("r1",))) == 1
