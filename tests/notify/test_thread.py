"""A thread is never left behind, whatever becomes of the task that waits for it."""

import asyncio
import threading

import pytest

from farthing.notify.thread import to_its_end
from support.ledgers import until


def test_it_gives_what_the_thread_gives_and_raises_what_it_raises():
    assert asyncio.run(to_its_end(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(to_its_end(divmod, 7, 0))


@pytest.mark.parametrize("fails", [False, True])
def test_a_cancelled_task_waits_for_its_thread(fails):
    begun, released, ended = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        released.wait(10)
        ended.append(True)
        if fails:
            raise ZeroDivisionError

    async def main():
        task = asyncio.create_task(to_its_end(work))
        await until(begun.is_set)
        task.cancel()
        asyncio.get_running_loop().call_later(0.02, released.set)
        await asyncio.wait((task,))
        assert task.cancelled()
        assert ended, "the thread was over first"

    asyncio.run(main())
