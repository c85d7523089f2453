"""Waiting for money as long as somebody wants it: what comes of it, or nothing, and then it was cancelled."""

import asyncio

import pytest

from farthing.gateway.admin.tool_waits import Asking


class Leaving:
    """A client that leaves when it is told."""

    def __init__(self):
        self._left = asyncio.Event()

    @property
    def gone(self):
        return self._left.is_set()

    def leave(self):
        self._left.set()

    async def left(self):
        await self._left.wait()


async def nothing():
    await asyncio.Event().wait()


def test_what_comes_of_it_is_given_on():
    async def main():
        async def work():
            return 7

        async def fails():
            raise OSError("broken")

        found = [await Asking(client).while_wanted(work()) for client in (None, Leaving())]
        with pytest.raises(OSError, match="broken"):
            await Asking(None).while_wanted(fails())
        return found

    assert asyncio.run(main()) == [7, 7]


@pytest.mark.parametrize("how", ["hangs up", "withdraws"])
def test_whoever_leaves_gets_nothing_and_the_work_is_cancelled(how):
    async def main():
        client = Leaving()
        asking = Asking(client)
        cancelled = []

        async def work():
            try:
                await nothing()
            except asyncio.CancelledError:
                cancelled.append(True)
                raise

        waiting = asyncio.create_task(asking.while_wanted(work()))
        await asyncio.sleep(0)
        assert not asking.over
        client.leave() if how == "hangs up" else asking.withdraw()
        return await asyncio.wait_for(waiting, 10), cancelled, asking.over

    assert asyncio.run(main()) == (None, [True], True)


def test_money_that_was_given_in_the_moment_of_leaving_is_not_lost():
    async def main():
        asking = Asking(Leaving())

        async def work():
            try:
                await nothing()
            except asyncio.CancelledError:
                return "granted all the same"

        waiting = asyncio.create_task(asking.while_wanted(work()))
        await asyncio.sleep(0)
        asking.withdraw()
        return await asyncio.wait_for(waiting, 10), asking.over

    assert asyncio.run(main()) == ("granted all the same", True)
