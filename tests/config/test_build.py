"""Settings become an engine, are reloaded into it whole, and what another process changed is taken up."""

import asyncio

import pytest

from farthing.config.build import build, limits_of, refresh, reload, shut
from farthing.domain.budget import AccountKey, Budget, Grant, Unit
from farthing.domain.errors import BadConfig
from farthing.domain.hold import Reserved, Short
from farthing.domain.key import Key
from support.engines import FILE, ask_for, engine_in, settings_in, with_engine

DOLLAR = 1_000_000_000


def test_an_engine_has_the_files_budgets_and_the_stores(tmp_path):
    async def first(engine):
        engine.directory.put_budget(Budget(name="stored", limits=((Unit.CALLS, 5),)), "t")

    async def second(engine):
        return {touch.budget.name for touch in engine.rules.resolver.accounts((), None, at_ms=engine.now_ms())}

    with_engine(tmp_path, first)
    assert with_engine(tmp_path, second) == {"all", "stored"}


def test_a_refresh_is_in_force_when_it_returns(tmp_path):
    async def act(engine):
        assert isinstance(await engine.ledger.reserve(ask_for(engine, DOLLAR + 1)), Short)
        account = AccountKey("all", "", Unit.USD, "lifetime")
        engine.directory.grant(Grant(account=account, amount=DOLLAR, by="t"))
        engine.directory.add_key(Key(id="k", name="k", digest="d"), "t")
        await refresh(engine)
        assert isinstance(await engine.ledger.reserve(ask_for(engine, DOLLAR + 1)), Reserved)
        assert "k" in engine.keys

    with_engine(tmp_path, act)


def test_what_another_process_changes_is_taken_up_unasked(tmp_path):
    async def act(engine):
        async with engine_in(tmp_path) as other:
            other.directory.put_budget(Budget(name="new", limits=((Unit.USD, 1),)), "t")
            deadline = asyncio.get_running_loop().time() + 20
            while len(engine.rules.resolver.accounts((), None, at_ms=engine.now_ms())) < 2:
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.01)

    with_engine(tmp_path, act)


def test_a_reload_takes_up_all_of_a_file(tmp_path):
    async def act(engine):
        before = dict(engine.upstreams)
        fresh = settings_in(
            tmp_path,
            text=FILE.replace("1 USD", "2 USD").replace("providers.openai", "providers.second"),
            more='[[keys]]\nname = "k"\nsecret = "env:BOT_KEY"\n[gateway]\nmax_answer = "1 KiB"\n',
        )
        await reload(engine, fresh)
        assert engine.settings is fresh
        assert list(engine.upstreams) == ["second"]
        assert engine.retired == list(before.values())
        assert [provider.name for provider in engine.rules.providers] == ["second"]
        assert engine.limits.answer_bytes == 1024
        assert engine.keys
        assert isinstance(await engine.ledger.reserve(ask_for(engine, 2 * DOLLAR)), Reserved)

    with_engine(tmp_path, act)


def test_the_doors_of_an_old_configuration_are_closed_when_no_call_can_use_them(tmp_path):
    async def act(engine):
        old = tuple(engine.upstreams.values())
        await reload(engine, settings_in(tmp_path))
        (later,) = engine._closing
        assert not old[0]._closed
        engine.retired.clear()
        engine.retire(old, 0)
        (now,) = engine._closing - {later}
        await now
        assert old[0]._closed
        assert engine.retired == []
        assert engine._closing == {later}

    with_engine(tmp_path, act)


def test_a_reload_that_fails_changes_nothing(tmp_path, monkeypatch):
    async def act(engine):
        rules, settings, upstreams = engine.rules, engine.settings, engine.upstreams

        def broken():
            raise BadConfig("the store is away")

        monkeypatch.setattr(engine.directory, "load", broken)
        with pytest.raises(BadConfig):
            await reload(engine, settings_in(tmp_path, text=FILE.replace("1 USD", "2 USD")))
        assert (engine.rules, engine.settings, engine.upstreams) == (rules, settings, upstreams)

    with_engine(tmp_path, act)


def test_a_reload_forgets_no_value_a_key_has_made(tmp_path):
    async def act(engine):
        values = engine.rules.resolver.values
        await reload(engine, settings_in(tmp_path))
        await refresh(engine)
        assert engine.rules.resolver.values is values

    with_engine(tmp_path, act)


def test_two_engines_may_share_a_file_and_a_shut_one_lets_go(tmp_path):
    async def act():
        one = await build(settings_in(tmp_path))
        two = await build(settings_in(tmp_path))
        assert isinstance(await one.ledger.reserve(ask_for(one, DOLLAR)), Reserved)
        assert isinstance(await two.ledger.reserve(ask_for(two, 1)), Short)
        await shut(one)
        await shut(two)

    asyncio.run(act())


def test_the_limits_of_calls_are_the_files(tmp_path):
    limits = limits_of(settings_in(tmp_path, '[gateway]\nabandoned = "5s"\nmax_abandoned = 3\nunknown_after = "2m"\n'))
    assert (limits.drain_seconds, limits.drains, limits.unknown_after_ms) == (5.0, 3, 120_000)
