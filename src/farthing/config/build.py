"""Settings become a wired engine, are reloaded into it, and it is shut: the only place that knows what goes together."""

import asyncio
from collections.abc import Callable

from farthing.call.desk import Limits
from farthing.config.alerting import Alerting
from farthing.config.booked import book_of
from farthing.config.convert import budgets_of
from farthing.config.engine import Engine, wall_ms
from farthing.config.guarding import take_up_guards
from farthing.config.settings import Settings
from farthing.config.store import open_store
from farthing.config.wiring import budgets_in_force, cards_of, keys_in_force, rules_of, upstream_for
from farthing.ports.directory import Stored
from farthing.pricing.facts import FactBook
from farthing.providers.limits import Limits as PoolLimits
from farthing.providers.limits import Timeouts
from farthing.providers.pool import Pool


async def build(settings: Settings, *, what: str = "serve", clock: Callable[[], int] = wall_ms) -> Engine:
    """A running engine for these settings; close it with `shut`.

    `what` tells people which process holds the money. Raises BadConfig or StoreBroken, each with what to do.
    """
    loop = asyncio.get_running_loop()
    engine: Engine | None = None

    def changed() -> None:
        if engine is not None and not loop.is_closed():
            loop.call_soon_threadsafe(engine.refresh_soon)

    store = await asyncio.to_thread(open_store, settings, what=what, clock=clock, changed=changed)
    try:
        stored = await asyncio.to_thread(store.directory.load)
        book = book_of(settings)
        alerting = Alerting(store, clock=clock, upstream=Pool(limits=PoolLimits(), timeouts=Timeouts()))
        alerting.adopt(settings, stored)
        engine = Engine(
            settings=settings,
            store=store,
            rules=rules_of(settings, stored, book, FactBook.load(book)),
            keys=keys_in_force(settings, stored),
            upstreams={provider.name: upstream_for(provider) for provider in settings.providers},
            clock=clock,
            limits=limits_of(settings),
            alerting=alerting,
        )
        engine.history.price_with(cards_of(engine.rules))
        await asyncio.to_thread(engine.texts.drop_old, settings)
        await asyncio.to_thread(store.guards.bereave)
        await take_up_guards(engine, settings, first=True)
        engine.approvals.adopt(budgets_in_force(settings, stored), stored.grants)
        await engine.approvals.learn()
        engine.refresh = lambda: refresh(engine)
        store.ledger.adopt(budgets_of(settings))
        for ratio in await asyncio.to_thread(lambda: tuple(store.records.ratios())):
            engine.ratios.learn((ratio.provider, ratio.model), ratio.text_bytes, ratio.input_tokens)
    except BaseException:
        store.close()
        raise
    return engine


async def refresh(engine: Engine) -> None:
    """Take up what another process, or the admin side, changed in the store: in force when this returns.

    One at a time, so that what was loaded earlier never replaces what was loaded later.
    """
    async with engine.changing:
        adopt(engine, engine.settings, await asyncio.to_thread(engine.directory.load))
        await take_up_guards(engine, engine.settings)
        await engine.approvals.learn()


async def reload(engine: Engine, settings: Settings) -> None:
    """Take up a new configuration, whole. What cannot change while running (store, address) stays; the rest does.

    Raises BadConfig, and then nothing has changed.
    """
    book = book_of(settings)
    facts = FactBook.load(book)
    fresh = {provider.name: upstream_for(provider) for provider in settings.providers}
    async with engine.changing:
        stored = await asyncio.to_thread(engine.directory.load)
        engine.rules = rules_of(settings, stored, book, facts, engine.rules.resolver.values)
        engine.history.price_with(cards_of(engine.rules))
        old, engine.upstreams = engine.upstreams, fresh
        engine.retire(old.values(), Timeouts().total_seconds)  # calls under way still read from these
        engine.limits = limits_of(settings)
        await asyncio.to_thread(engine.texts.adopt, settings)
        adopt(engine, settings, stored)
        await take_up_guards(engine, settings)


def adopt(engine: Engine, settings: Settings, stored: Stored) -> None:
    """Put budgets and keys in force: the ledger first, so that a cut holds before anyone is told of it. What is stored
    of budgets and grants the ledger takes up by itself."""
    engine.ledger.adopt(budgets_of(settings))
    old = engine.rules
    engine.rules = rules_of(settings, stored, old.book, old.facts, old.resolver.values)
    engine.keys = keys_in_force(settings, stored)
    engine.settings = settings
    engine.alerting.adopt(settings, stored)
    engine.approvals.adopt(budgets_in_force(settings, stored), stored.grants)


async def shut(engine: Engine) -> None:
    """Make everything durable and let go of the store. Call when no call is under way."""
    await engine.rest()
    await engine.alerting.close()
    await asyncio.to_thread(engine.telemetry.stop)
    for upstream in (*engine.upstreams.values(), *engine.retired):
        await upstream.close()
    await asyncio.to_thread(engine.texts.close)
    await asyncio.to_thread(engine.store.close)


def limits_of(settings: Settings) -> Limits:
    gateway = settings.gateway
    return Limits(
        answer_bytes=gateway.answer_bytes,
        drain_seconds=gateway.abandoned_seconds,
        drains=gateway.abandoned,
        unknown_after_ms=int(gateway.unknown_after_seconds * 1_000),
    )
