"""The engine: how it takes up what changed in the store, and what it does for a call while its client waits."""

import asyncio

import pytest

from farthing.call.stages import ContextOf, ExactCount
from farthing.config.engine import OFF_LOOP_BYTES
from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import LedgerUnavailable, NotSent
from farthing.domain.hold import Reserved
from farthing.gateway.routes import CHAT
from support.engines import ask_for, with_engine

DOLLAR = 1_000_000_000


class Leaver:
    """A client that leaves when it is told to."""

    def __init__(self):
        self.leaves = asyncio.Event()

    async def left(self):
        await self.leaves.wait()


def test_a_client_that_leaves_while_it_waits_holds_nothing(tmp_path):
    async def act(engine):
        full = await engine.ledger.reserve(ask_for(engine, DOLLAR))
        assert isinstance(full, Reserved)
        client = Leaver()
        waiting = asyncio.ensure_future(engine.while_here(client, ask_for(engine, 1, wait_ms=60_000)))
        await engine.ledger.flush()
        assert not waiting.done()
        client.leaves.set()
        assert await waiting is None
        await engine.ledger.flush()
        (account,) = engine.records.accounts("all")
        assert account.held == DOLLAR

    with_engine(tmp_path, act)


def test_a_client_that_stays_gets_its_answer(tmp_path):
    async def act(engine):
        client = Leaver()
        assert isinstance(await engine.while_here(client, ask_for(engine, 5)), Reserved)
        assert isinstance(await engine.while_here(object(), ask_for(engine, 5)), Reserved)

    with_engine(tmp_path, act)


def test_a_cancelled_wait_holds_nothing(tmp_path):
    async def act(engine):
        await engine.ledger.reserve(ask_for(engine, DOLLAR))
        waiting = asyncio.ensure_future(engine.while_here(Leaver(), ask_for(engine, 1, wait_ms=60_000)))
        await engine.ledger.flush()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await engine.ledger.flush()
        (account,) = engine.records.accounts("all")
        assert account.held == DOLLAR

    with_engine(tmp_path, act)


def test_changes_are_taken_up_until_nothing_newer_is_known(tmp_path):
    async def act(engine):
        seen = []
        enough = asyncio.Event()

        async def refresh():
            seen.append(len(seen))
            if len(seen) == 1:
                engine.refresh_soon()  # something changed while we were reading
            else:
                enough.set()

        engine.refresh = refresh
        engine.refresh_soon()
        engine.refresh_soon()
        await asyncio.wait_for(enough.wait(), 10)
        assert seen == [0, 1]

    with_engine(tmp_path, act)


def test_a_store_that_cannot_be_read_now_is_read_again(tmp_path, caplog):
    async def act(engine):
        tries = []
        done = asyncio.Event()

        async def refresh():
            tries.append(1)
            if len(tries) == 1:
                raise LedgerUnavailable("the disk is away")
            done.set()

        engine.refresh = refresh
        engine.refresh_soon()
        await asyncio.wait_for(done.wait(), 10)
        assert len(tries) == 2

    with_engine(tmp_path, act)
    assert "the disk is away" in caplog.text


def test_what_was_read_earlier_never_replaces_what_was_read_later(tmp_path):
    async def act(engine):
        def budget(dollars):
            return Budget(name="b", limits=((Unit.USD, dollars * DOLLAR),))

        engine.directory.put_budget(budget(5), "t")
        first = asyncio.ensure_future(engine.take_up())
        await asyncio.sleep(0)
        engine.directory.put_budget(budget(1), "t")
        await asyncio.gather(first, engine.take_up(), engine.take_up())
        (touch,) = [t for t in engine.rules.resolver.accounts((), None, at_ms=engine.now_ms()) if t.budget.name == "b"]
        assert touch.budget.limit(Unit.USD) == DOLLAR

    with_engine(tmp_path, act)


def test_texts_are_counted_whatever_their_length(tmp_path):
    async def act(engine):
        counts = []
        for letters in (100, OFF_LOOP_BYTES + 100):
            body = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"%s"}]}' % (b"word " * (letters // 5))
            facts = engine.rules.facts.find("gpt-4o-mini", "openai", "openai")
            counts.append(await engine.answer(ExactCount(CHAT.read(body), facts)))
        assert counts[0] is None or 0 < counts[0] < counts[1]

    with_engine(tmp_path, act)


def test_a_response_nobody_knows_has_no_context(tmp_path):
    async def act(engine):
        assert await engine.answer(ContextOf("(keyless)", "resp_none")) is None

    with_engine(tmp_path, act)


def test_a_provider_that_a_reload_took_away_was_never_sent_to(tmp_path):
    async def act(engine):
        engine.upstreams.pop("openai")
        with pytest.raises(NotSent, match="taken out of the configuration"):
            engine.upstream_of("openai")

    with_engine(tmp_path, act)
