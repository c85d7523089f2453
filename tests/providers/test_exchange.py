"""One exchange on a line made of values: when it parts from its connection, and what its caller learns."""

import asyncio
import gc

import pytest

from farthing.domain.errors import Ambiguous
from farthing.providers.exchange import Exchange, Terms
from farthing.providers.limits import Limits, Timeouts
from support.rawserver import OK, answer

PHASES = Timeouts(write_seconds=1, first_byte_seconds=2, idle_seconds=3, total_seconds=100)
HALF = OK + b"content-length: 10\r\n\r\nhalf"


class RecordedLine:
    """Remembers what an exchange asked of its connection."""

    def __init__(self):
        self.asked = []
        self.unwritten = 0

    def finish(self, *, reusable):
        self.asked.append("reuse" if reusable else "end")

    def close(self):
        self.asked.append("close")

    def pause(self):
        self.asked.append("pause")

    def resume(self):
        self.asked.append("resume")

    def backlog(self):
        return self.unwritten


@pytest.fixture
def kind():
    return "pool-asyncio"


def begin(room=100, phases=PHASES):
    loop = asyncio.get_running_loop()
    line = RecordedLine()
    terms = Terms(loop=loop, origin="http://x", limits=Limits(unread_bytes=room), timeouts=phases)
    return Exchange(terms, line, began=loop.time()), line


def later(seconds):
    return asyncio.get_running_loop().time() + seconds


async def test_the_connection_is_given_back_only_when_the_caller_has_the_whole_body(kind):
    exchange, line = begin()
    exchange.feed(answer(b"body"))
    await exchange.arrive()
    assert (exchange.status, line.asked) == (200, [])
    assert await exchange.read() == b"body"
    assert line.asked == ["reuse"]
    assert await exchange.read() == b""
    exchange.abort()
    assert line.asked == ["reuse"]


async def test_an_answer_without_a_body_gives_the_connection_back_when_read(kind):
    for read in (Exchange.read, lambda got: got.read_all(10)):
        exchange, line = begin()
        exchange.feed(b"HTTP/1.1 204 No\r\n\r\n")
        await exchange.arrive()
        assert await read(exchange) == b""
        assert line.asked == ["reuse"]


async def test_giving_up_a_complete_answer_keeps_the_connection_and_never_looks_like_an_end(kind):
    exchange, line = begin()
    exchange.feed(answer(b"body"))
    exchange.abort()
    exchange.abort()
    assert line.asked == ["reuse"]
    for read in (exchange.read(), exchange.read_all(10)):
        with pytest.raises(Ambiguous):
            await read


async def test_bytes_after_the_answer_close_the_connection_but_not_the_answer(kind):
    for feeds in ([answer(b"body") + b"HTTP"], [answer(b"body"), b"H"], [answer(b"body"), b"\r\n"]):
        exchange, line = begin()
        for data in feeds:
            exchange.feed(data)
        assert line.asked == ["close"]
        assert await exchange.read_all(4) == b"body"
        assert line.asked == ["close", "end"]


async def test_what_came_before_a_cut_is_read_before_the_cut_is_told(kind):
    exchange, _ = begin()
    exchange.feed(HALF)
    exchange.lost("")
    assert await exchange.read() == b"half"
    with pytest.raises(Ambiguous, match=r"http://x closed the connection in the middle of its answer; what .* unknown"):
        await exchange.read()


async def test_too_much_unread_pauses_the_provider_until_it_is_read(kind):
    exchange, line = begin(room=3)
    exchange.feed(HALF)
    exchange.feed(b"x")
    assert line.asked == ["pause"]
    assert await exchange.read() == b"halfx"
    assert line.asked == ["pause", "resume"]


async def test_a_paused_connection_reads_again_before_it_is_given_back(kind):
    exchange, line = begin(room=3)
    exchange.feed(HALF)
    exchange.feed(b"123456")
    assert await exchange.read() == b"half123456"
    assert line.asked == ["pause", "resume", "reuse"]


async def test_whoever_wants_the_whole_body_is_not_paused(kind):
    exchange, line = begin(room=3)
    exchange.feed(HALF)
    reading = asyncio.create_task(exchange.read_all(10))
    await asyncio.sleep(0)
    exchange.feed(b"12345")
    exchange.feed(b"6")
    assert await reading == b"half123456"
    assert line.asked == ["pause", "resume", "reuse"]


async def test_a_body_that_declares_too_much_is_not_waited_for(kind):
    exchange, line = begin()
    exchange.feed(HALF)
    with pytest.raises(Ambiguous, match="more than 9 bytes"):
        await exchange.read_all(9)
    assert line.asked == ["end"]


async def test_a_complete_body_over_the_limit_is_refused_all_the_same(kind):
    exchange, _ = begin()
    exchange.feed(answer(b"12345"))
    with pytest.raises(Ambiguous, match="more than 4 bytes"):
        await exchange.read_all(4)
    with pytest.raises(Ambiguous):
        await exchange.read()


async def test_each_phase_has_its_own_patience(kind):
    exchange, _ = begin()
    exchange.check(later(1.9))
    exchange.feed(HALF)
    exchange.check(later(2.9))
    exchange.check(later(3.1))
    assert await exchange.read() == b"half"
    with pytest.raises(Ambiguous, match=r"go on with its answer within 3 s"):
        await exchange.read()

    exchange, _ = begin()
    exchange.check(later(2.1))
    with pytest.raises(Ambiguous, match=r"did not answer within 2 s"):
        await exchange.arrive()


async def test_a_request_that_is_still_being_taken_is_not_late(kind):
    exchange, line = begin()
    for step in range(8):
        line.unwritten = 1000 - step
        exchange.check(later(step * 0.9))
    line.unwritten = 0
    exchange.check(later(7.1))
    exchange.check(later(9.0))
    assert line.asked == []
    exchange.check(later(9.2))
    assert line.asked == ["end"]


async def test_a_request_that_is_no_longer_taken_is_late(kind):
    exchange, line = begin()
    line.unwritten = 1000
    exchange.check(later(0.5))
    exchange.check(later(1.4))
    assert line.asked == []
    exchange.check(later(1.6))
    with pytest.raises(Ambiguous, match="take more of the request within 1 s"):
        await exchange.arrive()


async def test_a_caller_that_reads_slowly_is_not_the_provider_s_fault(kind):
    exchange, line = begin(room=3)
    exchange.feed(HALF)
    exchange.check(later(50))
    assert line.asked == ["pause"]
    exchange.check(later(101))
    assert line.asked == ["pause", "end"]


async def test_an_answer_that_nobody_fetches_does_not_keep_its_connection_for_ever(kind):
    exchange, line = begin()
    exchange.feed(answer(b"body"))
    exchange.check(later(99))
    assert line.asked == []
    exchange.check(later(101))
    assert line.asked == ["close"]
    assert await exchange.read() == b"body"


async def pouring(exchange, take):
    task = asyncio.create_task(exchange.pour(take))
    await asyncio.sleep(0)
    return task


CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


async def test_what_is_poured_is_taken_before_the_event_loop_turns(kind):
    exchange, line = begin()
    taken = []
    exchange.feed(CHUNKED)
    task = await pouring(exchange, lambda piece: not taken.append(piece))
    exchange.feed(b"3\r\none\r\n")
    assert taken == [b"one"]
    exchange.feed(b"3\r\ntwo\r\n3\r\nend")
    assert taken == [b"one", b"twoend"], "what came together is handed over together"
    assert not task.done()
    exchange.feed(b"\r\n0\r\n\r\n")
    assert line.asked == []
    assert await task is True
    assert line.asked == ["reuse"]


async def test_a_last_piece_that_comes_with_the_end_gives_the_connection_back_at_once(kind):
    exchange, line = begin()
    exchange.feed(CHUNKED)
    task = await pouring(exchange, lambda _: False)
    exchange.feed(b"4\r\nlast\r\n0\r\n\r\n")
    assert line.asked == ["reuse"]
    assert await task is False
    assert await exchange.pour(lambda _: False) is True


async def test_bytes_after_a_poured_answer_close_the_connection(kind):
    exchange, line = begin()
    exchange.feed(CHUNKED)
    taken = []
    task = await pouring(exchange, lambda piece: not taken.append(piece))
    exchange.feed(b"4\r\nlast\r\n0\r\n\r\n" + answer(b"stray"))
    assert await task is True
    assert (taken, line.asked) == ([b"last"], ["close", "end"])


async def test_after_a_stop_the_provider_waits_once_too_much_is_unread(kind):
    exchange, line = begin(room=3)
    taken = []
    exchange.feed(CHUNKED)
    task = await pouring(exchange, taken.append)
    for _ in range(3):
        exchange.feed(b"2\r\nab\r\n")
    assert taken == [b"ab"]
    assert line.asked == ["pause"]
    assert await task is False
    exchange.check(later(50))
    assert await exchange.pour(taken.append) is False
    assert taken == [b"ab", b"abab"]
    assert line.asked == ["pause", "resume"]


async def test_nothing_is_poured_for_a_task_that_is_being_cancelled(kind):
    exchange, line = begin()
    taken = []
    exchange.feed(CHUNKED)
    task = await pouring(exchange, lambda piece: not taken.append(piece))
    task.cancel()
    exchange.feed(b"4\r\nlate\r\n")
    await asyncio.wait([task])
    assert task.cancelled()
    assert (taken, line.asked) == ([], ["end"])


@pytest.mark.parametrize("unread", [True, False])
@pytest.mark.parametrize("more", [True, False])
async def test_whoever_takes_may_give_the_answer_up(kind, more, unread):
    exchange, line = begin()

    def take(piece):
        exchange.abort()
        return more

    exchange.feed(CHUNKED)
    if unread:
        exchange.feed(b"3\r\none\r\n")
    task = await pouring(exchange, take)
    if not unread:
        exchange.feed(b"3\r\none\r\n")
    if more:
        with pytest.raises(Ambiguous, match="given up"):
            await task
    else:
        assert await task is False
    assert line.asked == ["end"]
    with pytest.raises(Ambiguous, match="given up"):
        await exchange.pour(take)


async def test_giving_up_while_a_task_pours_ends_the_pour(kind):
    exchange, line = begin()
    exchange.feed(CHUNKED)
    task = await pouring(exchange, lambda _: True)
    exchange.abort()
    with pytest.raises(Ambiguous, match="given up"):
        await task
    assert line.asked == ["end"]


async def test_what_a_taker_raises_never_reaches_the_event_loop(kind):
    class Empty(Exception):
        def __bool__(self):
            return False

    def take(_):
        raise Empty

    exchange, line = begin()
    exchange.feed(CHUNKED)
    task = await pouring(exchange, take)
    exchange.feed(b"3\r\none\r\n")
    with pytest.raises(Empty):
        await task
    assert line.asked == ["end"]


async def test_two_readers_at_once_are_a_mistake(kind):
    exchange, _ = begin()
    exchange.feed(HALF[:-4])
    first = asyncio.create_task(exchange.read())
    await asyncio.sleep(0)
    with pytest.raises(AssertionError, match="one reader"):
        await exchange.read()
    exchange.feed(b"half")
    assert await first == b"half"


@pytest.mark.parametrize("end", ["whole", "piece", "pour", "cut", "flaw", "abort", "cancel"])
async def test_nothing_is_left_for_the_garbage_collector(kind, end):
    async def use():
        exchange, _ = begin()
        arriving = asyncio.create_task(exchange.arrive())
        await asyncio.sleep(0)
        if end == "cancel":
            arriving.cancel()
            await asyncio.wait([arriving])
            return
        exchange.feed(b"nonsense" if end == "flaw" else HALF)
        await asyncio.wait([arriving])
        arriving.exception()
        if end == "pour":
            pour = await pouring(exchange, lambda _: bool(exchange))  # which points back
            exchange.feed(b"123456")
            assert await pour
        elif end == "cut":
            exchange.lost("broke the connection (reset)")
        elif end == "abort":
            exchange.abort()
        else:
            exchange.feed(b"123456")
        if end == "whole":
            await exchange.read_all(10)
        elif end == "piece":
            await exchange.read()

    await use()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            await use()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        leaked = [thing for thing in gc.garbage if isinstance(thing, Exchange | RecordedLine)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not leaked
