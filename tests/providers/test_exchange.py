"""One exchange on a line made of values: when it parts from its connection, and what its caller learns."""

import asyncio
import gc

import pytest

from farthing.domain.errors import Ambiguous
from farthing.providers.exchange import Exchange
from farthing.providers.incoming import Incoming
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
    incoming = Incoming(Limits())
    exchange = Exchange(loop, line, incoming, origin="http://x", began=loop.time(), room=room, timeouts=phases)
    return exchange, line


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


async def test_two_readers_at_once_are_a_mistake(kind):
    exchange, _ = begin()
    exchange.feed(HALF[:-4])
    first = asyncio.create_task(exchange.read())
    await asyncio.sleep(0)
    with pytest.raises(AssertionError, match="one reader"):
        await exchange.read()
    exchange.feed(b"half")
    assert await first == b"half"


@pytest.mark.parametrize("end", ["whole", "piece", "cut", "flaw", "abort", "cancel"])
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
        if end == "cut":
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
        leaked = [thing for thing in gc.garbage if isinstance(thing, Exchange | Incoming | RecordedLine)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not leaked
