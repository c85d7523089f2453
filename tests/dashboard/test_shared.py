"""What many look at at once is read once."""

import asyncio

import pytest

from farthing.dashboard.shared import FRESH_MS, Shared


class Work:
    def __init__(self):
        self.done = 0

    async def __call__(self):
        self.done += 1
        await asyncio.sleep(0)
        if self.done == 13:
            raise OSError("no")
        return self.done


def test_everybody_within_a_moment_gets_the_same_and_then_it_is_read_anew():
    async def main():
        shared, work = Shared(), Work()
        assert await asyncio.gather(*(shared.get("a", 1_000, work) for _ in range(5))) == [1] * 5
        assert await shared.get("a", 1_000 + FRESH_MS - 1, work) == 1
        assert await shared.get("b", 1_000, work) == 2
        assert await shared.get("a", 1_000 + FRESH_MS, work) == 3

    asyncio.run(main())


def test_a_failure_is_told_to_who_waited_and_not_kept():
    async def main():
        shared, work = Shared(), Work()
        work.done = 12
        with pytest.raises(OSError, match="no"):
            await shared.get("a", 1_000, work)
        assert await shared.get("a", 1_000, work) == 14

    asyncio.run(main())


def test_whoever_leaves_does_not_take_the_answer_from_the_others():
    async def main():
        shared, work = Shared(), Work()
        first = asyncio.ensure_future(shared.get("a", 1_000, work))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(shared.get("a", 1_000, work))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == 1

    asyncio.run(main())
