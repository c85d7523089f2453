"""Blocks that are left out of order, or from elsewhere, must not take the budgets of others away."""

import asyncio
import contextvars
import gc
import threading

import openai
import pytest

import farthing
from farthing.sdk.engine import close_engines
from farthing.sdk.scope import current
from support.sdk_provider import billed, simulated
from support.sdk_world import ask, openai_client, sdk

TINY, AMPLE = "$0.000001", "$5"


@pytest.fixture
def client():
    with simulated() as provider, sdk(store="memory:"):
        yield openai_client(provider)
        assert billed(provider) == 0, "something was sent past the budget"


def block(limit):
    """A budget around a generator's life, as fixtures and streaming answers have it."""
    with farthing.budget(limit):
        yield


def refuses(client):
    with pytest.raises(farthing.FarthingError) as refused:
        ask(client)
    return refused.value


def test_a_generator_closed_here_and_entered_elsewhere_leaves_the_budget_that_is_here(client):
    with farthing.budget(TINY) as run:
        inner = block(AMPLE)
        contextvars.copy_context().run(next, inner)
        inner.close()
        assert current.get() == run.scope
        refuses(client)


def test_a_generator_that_is_collected_in_another_thread_leaves_its_budget(client):
    inner = block(AMPLE)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(next, inner))
    thread.start()
    thread.join()
    with farthing.budget(TINY):
        del inner
        gc.collect()
        refuses(client)


def test_an_asynchronous_generator_that_its_loop_ends_leaves_the_budget_of_the_task(client):
    async def stream():
        async with farthing.budget(AMPLE):
            yield 1

    async def first():
        pieces = stream()
        await anext(pieces)
        return pieces

    async def go():
        async with farthing.budget(TINY):
            pieces = await asyncio.create_task(first())
            await pieces.aclose()
            refuses(client)

    asyncio.run(go())


def test_the_outer_block_left_first_refuses_inside_the_inner_and_is_gone_after_it(client):
    outer, inner = block(TINY), block(AMPLE)
    next(outer)
    next(inner)
    outer.close()
    assert "is over" in str(refuses(client))
    inner.close()
    assert current.get() is None


def test_blocks_left_in_order_bring_back_the_one_around():
    with sdk(store="memory:"), farthing.budget(AMPLE) as outer:
        with farthing.budget(AMPLE) as inner:
            assert current.get() == inner.scope
        assert current.get() == outer.scope


def test_a_generator_cannot_be_bound_since_it_would_spend_after_the_call(client):
    with farthing.budget(TINY) as run:

        def words(_=None):
            yield ask(client)

        async def more():
            yield ask(client)

        for generator in (words, more):
            with pytest.raises(farthing.Misused, match="generator"):
                run.bind(generator)
        with pytest.raises(farthing.Misused, match="generator"):
            run.bind(lambda: words(1))()


def test_a_bound_function_that_returns_a_coroutine_spends_from_the_budget_when_that_is_awaited(client):
    async def work(model):
        ask(client, model=model)

    with farthing.budget(TINY) as run:
        bound = run.bind(lambda: work("gpt-4o-mini"))
        found = []

        def elsewhere():
            try:
                asyncio.run(bound())
            except farthing.BudgetExceeded as refused:
                found.append(refused)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert found


def test_an_engine_that_died_takes_its_budgets_with_it_and_no_new_one_lets_their_calls_go(client):
    asynchronous = farthing.wrap(openai.AsyncOpenAI(base_url=client.base_url, api_key="sk-test"))

    async def answer():
        await ask(asynchronous)

    with farthing.budget(TINY) as run:
        home = run.scope.home
        home.loop.call_soon_threadsafe(home.loop.stop)
        home._thread.join(10)
        assert "shut" in str(refuses(client))
        with pytest.raises(farthing.FarthingError, match="shut"):
            asyncio.run(answer())
        with pytest.raises(farthing.FarthingError, match="shut"):
            run.tool(cost="$0.01")(lambda: None)()
        _leave_quietly(run)


def test_engines_that_are_closed_inside_a_block_do_so_too(client):
    with farthing.budget(TINY) as run:
        close_engines()
        assert "shut" in str(refuses(client))
        _leave_quietly(run)


def test_another_configuration_inside_a_block_is_for_other_budgets(client, monkeypatch, tmp_path):
    (tmp_path / "farthing.toml").write_text("")
    with farthing.budget(TINY):
        monkeypatch.setenv("FARTHING_CONFIG", str(tmp_path / "farthing.toml"))
        assert isinstance(refuses(client), farthing.BudgetExceeded)


def _leave_quietly(run):
    """What it counted is gone, and the block's end would say so."""
    with pytest.raises(farthing.FarthingError, match="shut"):
        run.__exit__()
    run._close = lambda: None
