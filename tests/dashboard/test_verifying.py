"""Verifying the chain in the background."""

import asyncio
import threading

from farthing.dashboard.verifying import Verifier
from farthing.ports.audit import Verdict

WHOLE = Verdict(at_ms=1, links=2, entries=3, rows=4, head_seq=2, head="ab", seals=0, pruned=(), findings=())


class Chain:
    def __init__(self, error=None):
        self.go_on = threading.Event()
        self.begun = 0
        self.error = error

    def verify(self, *, progress):
        self.begun += 1
        progress(1, 2)
        assert self.go_on.wait(10)
        if self.error:
            raise self.error
        return WHOLE


async def until_done(verifier):
    async with asyncio.timeout(10):
        await verifier._task


def test_one_at_a_time_with_its_progress():
    async def main():
        verifier, chain = Verifier(), Chain()
        verifier.begin(chain, 1_000)
        verifier.begin(chain, 2_000)
        async with asyncio.timeout(10):
            while verifier.last.of != 2:
                await asyncio.sleep(0.001)
        assert verifier.last.running
        assert verifier.last.read == 1
        chain.go_on.set()
        await until_done(verifier)
        assert chain.begun == 1
        assert verifier.last.verdict is WHOLE
        assert not verifier.last.running

    asyncio.run(main())


def test_what_cannot_be_read_is_said():
    async def main():
        verifier, chain = Verifier(), Chain(OSError("the disk is gone"))
        chain.go_on.set()
        verifier.begin(chain, 1_000)
        await until_done(verifier)
        assert verifier.last.failed == "the disk is gone"
        assert not verifier.last.running

    asyncio.run(main())
