"""The connections to one origin: order, caps, and that no slot is ever lost."""

import asyncio
import ssl

import pytest

from farthing.domain.errors import NotSent
from farthing.providers.addresses import parse_origin, refused_host
from farthing.providers.lane import Lane
from farthing.providers.limits import Limits, Timeouts
from support.rawserver import Peer, RawServer, eventually


def lane_to(origin, *, limits=None, timeouts=None, judge=refused_host):
    return Lane(
        asyncio.get_running_loop(),
        parse_origin(origin),
        limits=limits or Limits(),
        timeouts=timeouts or Timeouts(wait_seconds=10),
        tls=ssl.create_default_context,
        judge=judge,
    )


async def closed(lane):
    gone = [connection.gone for connection in lane.connections]
    lane.close()
    if gone:
        await asyncio.wait(gone)


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_connection_used_last_is_used_next(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin)
        first, second = await lane.obtain(), await lane.obtain()
        lane.take_back(first)
        lane.take_back(second)
        assert lane.reuse() is second
        assert lane.reuse() is first
        assert lane.reuse() is None
        await closed(lane)


async def test_those_who_wait_are_served_in_order(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(connections=1))
        connection = await lane.obtain()
        served = []

        async def wait(name):
            mine = await lane.obtain()
            served.append(name)
            lane.take_back(mine)

        tasks = [asyncio.create_task(wait(name)) for name in range(5)]
        await settle()
        assert lane.reuse() is None
        lane.take_back(connection)
        await asyncio.gather(*tasks)
        assert served == [0, 1, 2, 3, 4]
        assert len(server.peers) == 1
        await closed(lane)


async def test_a_connection_that_dies_lets_the_next_in_line_open_one(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(connections=1))
        connection = await lane.obtain()
        waiting = asyncio.create_task(lane.obtain())
        await settle()
        connection.close()
        assert await waiting is not connection
        assert len(lane.connections) == 1
        await closed(lane)


async def test_a_connection_that_dies_on_its_way_to_the_next_in_line_is_replaced(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(connections=1))
        connection = await lane.obtain()
        waiting = [asyncio.create_task(lane.obtain()) for _ in range(2)]
        await settle()
        lane.take_back(connection)
        connection.close()
        served, unserved = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert (len(served), len(unserved)) == (1, 1)
        served.pop().result().close()
        assert (await unserved.pop()).ready()
        await closed(lane)


@pytest.mark.parametrize("moment", ["before", "granted"])
async def test_whoever_leaves_the_queue_takes_nothing_along(kind, moment):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(connections=1))
        connection = await lane.obtain()
        leaving = asyncio.create_task(lane.obtain())
        staying = asyncio.create_task(lane.obtain())
        await settle()
        if moment == "granted":
            lane.take_back(connection)
        leaving.cancel()
        if moment == "before":
            await settle()
            lane.take_back(connection)
        assert await staying is connection
        assert leaving.cancelled()
        await closed(lane)


async def test_the_right_to_open_passes_on_when_its_holder_leaves(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(connections=1))
        connection = await lane.obtain()
        leaving, staying = (asyncio.create_task(lane.obtain()) for _ in range(2))
        await settle()
        connection.close()
        leaving.cancel()
        assert (await staying).ready()
        assert len(lane.connections) == 1
        await closed(lane)


async def test_a_failed_attempt_to_connect_frees_its_slot(kind):
    async with RawServer(Peer.until_closed) as server:
        origin = server.origin
    lane = lane_to(origin, limits=Limits(connections=1))
    for _ in range(3):
        with pytest.raises(NotSent, match="cannot be reached"):
            await lane.obtain()


async def test_giving_up_while_connecting_frees_its_slot(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(f"https://127.0.0.1:{server.port}", limits=Limits(connections=1))
        for _ in range(3):
            connecting = asyncio.create_task(lane.obtain())
            count = len(server.peers)
            await eventually(lambda: len(server.peers) > count)  # noqa: B023
            connecting.cancel()
            await asyncio.wait([connecting])
        await eventually(lambda: server.open == 0)
        assert not lane.connections


async def test_too_long_a_queue_is_told_at_once(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(connections=1, waiting=1))
        await lane.obtain()
        waiting = asyncio.create_task(lane.obtain())
        await settle()
        with pytest.raises(NotSent, match="1 requests already wait"):
            await lane.obtain()
        waiting.cancel()
        await closed(lane)


async def test_an_address_is_judged_by_where_a_name_led(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(f"http://localhost:{server.port}", judge=lambda host: "no" if host == "127.0.0.1" else "")
        with pytest.raises(NotSent, match="was not asked: no"):
            await lane.obtain()
        await eventually(lambda: server.open == 0 and bool(server.peers))
        assert not lane.connections


async def test_old_and_long_idle_connections_are_closed(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(keep_seconds=50, age_seconds=100))
        idle, busy, old = [await lane.obtain() for _ in range(3)]
        lane.take_back(idle)
        now = asyncio.get_running_loop().time()
        lane.check(now + 49)
        assert not idle.closed
        lane.check(now + 51)
        assert idle.closed
        assert not busy.closed
        old.born -= 101
        lane.take_back(old)
        assert old.closed
        assert lane.connections == {busy}
        await closed(lane)


async def test_closing_turns_everyone_away(kind):
    async with RawServer(Peer.until_closed) as server:
        lane = lane_to(server.origin, limits=Limits(connections=1))
        connection = await lane.obtain()
        waiting = asyncio.create_task(lane.obtain())
        await settle()
        await closed(lane)
        with pytest.raises(NotSent, match="shutting down"):
            await waiting
        with pytest.raises(NotSent, match="shutting down"):
            await lane.obtain()
        assert connection.closed
