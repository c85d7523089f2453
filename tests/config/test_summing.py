"""Summing up in the background."""

import asyncio
import contextlib

from farthing.config.summing import sum_up_for_ever
from farthing.domain.errors import LedgerUnavailable
from support.ledgers import until


class Scripted:
    """A history of which only `sum_up` is asked for: these answers, then nothing left."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def sum_up(self):
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer


def run_until_asked(history, times, **pauses):
    async def scene():
        task = asyncio.create_task(sum_up_for_ever(history, **pauses))
        await until(lambda: history.asked >= times)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(scene())


def test_pieces_follow_each_other_while_there_are_any():
    history = Scripted(True, True, True, False)
    run_until_asked(history, 4, idle=3_600.0, rest=0.0)
    assert history.asked == 4


def test_neither_a_store_that_is_away_nor_a_fault_ends_it(caplog):
    history = Scripted(LedgerUnavailable("no disk"), ValueError("a bug"), True)
    run_until_asked(history, 4, idle=0.0, rest=0.0)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
