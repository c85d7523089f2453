"""Alerts wired into an engine: what is adopted holds, what is noted is kept, and a reload changes rules and addresses."""

import asyncio

import pytest

from farthing.config.build import build, reload, shut
from farthing.config.store import open_store
from farthing.notify.address import LOG
from farthing.ports.alerts import Event
from support.configs import load_text
from support.engines import FILE, settings_in, with_engine

MEMORY = FILE.replace("sqlite:///{folder}/farthing.db", "memory:")
RULE = '[[alerts]]\nwhen = "budget > 80%"\nto = ["https://hooks.example.com/x"]\n'


def texts(engine):
    return [one.rule.text for one in engine.alerting.watch.watched]


def test_rules_and_addresses_of_the_file_hold(tmp_path):
    async def act(engine):
        assert "budget > 80%" in texts(engine)
        assert [target.address.label for target in engine.alerting.courier.targets] == [
            "log",
            "https://hooks.example.com",
        ]

    with_engine(tmp_path, act, RULE)


def test_a_reload_takes_up_other_rules_and_addresses(tmp_path):
    async def act(engine):
        await reload(engine, settings_in(tmp_path, '[[alerts]]\nwhen = "budget > 50%"\n'))
        assert "budget > 50%" in texts(engine)
        assert "budget > 80%" not in texts(engine)
        assert engine.alerting.courier.targets == (LOG,)

    with_engine(tmp_path, act, RULE)


def test_limits_of_a_moment_are_those_in_force(tmp_path):
    async def act(engine):
        (limited,) = engine.alerting._limits(engine.now_ms())
        assert (limited.budget, limited.limit) == ("all", 10**9)
        await reload(engine, load_text(tmp_path, FILE.format(folder=tmp_path).replace("1 USD", "2 USD")))
        (limited,) = engine.alerting._limits(engine.now_ms())
        assert limited.limit == 2 * 10**9

    with_engine(tmp_path, act)


@pytest.mark.parametrize("text", [FILE, MEMORY], ids=["sqlite", "memory"])
def test_a_store_can_be_watched_and_tells(tmp_path, text):
    async def act(engine):
        engine.notice(Event(kind="loop", subject="run r17", at_ms=engine.now_ms()))
        await engine.alerting.notices.keep(engine.store.outbox)
        (alert,) = engine.alerting.watch.step(engine.now_ms())
        assert (alert.rule, alert.subject) == ("loop", "run r17")
        assert await engine.alerting.courier.deliver_due() == 1

    with_engine(tmp_path, act, text=text)


def test_what_was_noted_last_is_kept_at_the_end_and_the_file_has_one_secret(tmp_path):
    settings = settings_in(tmp_path)

    async def main():
        engine = await build(settings)
        engine.notice(Event(kind="suspended", subject="agent triage", at_ms=engine.now_ms()))
        await shut(engine)
        return engine.store.alert_secret

    secret = asyncio.run(main())
    store = open_store(settings, what="test", clock=lambda: 1_800_000_000_000)
    try:
        assert [one.subject for one in store.facts.happenings("suspended", 0)] == ["agent triage"]
        assert store.alert_secret == secret
        assert len(secret) == 64
    finally:
        store.close()
