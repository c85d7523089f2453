"""Tickets: answers reach the loop or thread that waits, and a loop that is gone is reported."""

import asyncio
import threading

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.stores.ticket import Flush, ThreadTicket, Ticket, hand_out
from support.money import fixed


def test_each_loop_is_woken_once_for_all_its_answers():
    async def main():
        loop = asyncio.get_running_loop()
        tickets = [Ticket(fixed(number, 1)) for number in range(5)]
        calls = []
        wake = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *args, **more: calls.append(1) or wake(*args, **more)
        answering = threading.Thread(target=hand_out, args=([(ticket, True) for ticket in tickets],))
        answering.start()
        assert await asyncio.gather(*(ticket.future for ticket in tickets)) == [True] * 5
        answering.join()
        assert len(calls) == 1

    asyncio.run(main())


def test_an_error_is_raised_where_the_ticket_is_waited_for():
    async def main():
        ticket = Ticket(Flush())
        hand_out([(ticket, LedgerUnavailable("no"))])
        with pytest.raises(LedgerUnavailable):
            await ticket.future

    asyncio.run(main())


def test_a_cancelled_ticket_is_left_alone():
    async def main():
        ticket = Ticket(Flush())
        ticket.future.cancel()
        hand_out([(ticket, True)])
        await asyncio.sleep(0)
        assert ticket.future.cancelled()

    asyncio.run(main())


def test_tickets_of_a_closed_loop_come_back():
    async def make():
        return Ticket(Flush())

    ticket = asyncio.run(make())
    here = ThreadTicket(Flush())
    assert hand_out([(ticket, True), (here, True)]) == [ticket]
    assert here.wait(0)
    assert here.result() is True


def test_a_thread_waits_until_it_is_answered():
    ticket = ThreadTicket(Flush())
    assert not ticket.wait(0)
    threading.Thread(target=ticket.answer, args=(LedgerUnavailable("no"),)).start()
    assert ticket.wait(10)
    with pytest.raises(LedgerUnavailable):
        ticket.result()
