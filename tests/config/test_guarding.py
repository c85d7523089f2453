"""Settings and what is stored become guards, and none where there is nothing to guard."""

import asyncio

from farthing.config.build import refresh, reload
from farthing.config.guarding import agents_of, guard_rules_of, limits_of
from farthing.domain.suspension import Suspension
from support.configs import load_text
from support.engines import engine_in, settings_in, with_engine

GUARD = """
[guard]
same_call = 4
tool_calls = 7
minutes = 60
cost = "2 USD"
velocity = 5
open_for = "2m"
idle_after = "5m"
orphan_after = "90s"
poll = ["get_*"]
"""
LIMITS = '[[limits]]\nmatch = { user = "*" }\nrequests = 5\ntokens = 100\nper = "hour"\n'


def test_without_anything_there_are_no_guards(tmp_path):
    async def look(engine):
        return engine.guards

    assert with_engine(tmp_path, look) is None


def test_the_guard_section_becomes_rules_in_the_cores_units(tmp_path):
    rules = guard_rules_of(load_text(tmp_path, GUARD))
    agents = rules.agents
    assert (agents.loops.same_call, agents.loops.poll) == (4, ("get_*",))
    assert (agents.limits.tool_calls, agents.limits.minutes, agents.limits.cost_nanos) == (7, 60, 2 * 10**9)
    assert (agents.velocity.times, agents.blocks, agents.open_for_ms) == (5, True, 120_000)
    assert (rules.life.idle_after_ms, rules.life.orphan_after_ms) == (300_000, 90_000)


def test_a_guard_that_only_alerts_refuses_nothing(tmp_path):
    assert not agents_of(load_text(tmp_path, '[guard]\ndo = "alert"\n')).blocks


def test_without_the_section_loops_are_looked_for_where_an_alert_names_them(tmp_path):
    assert agents_of(load_text(tmp_path, "")) is None
    assert agents_of(load_text(tmp_path, '[[alerts]]\nwhen = "budget > 80%"\n')) is None
    assert not agents_of(load_text(tmp_path, '[[alerts]]\nwhen = "loop"\n')).blocks


def test_limits_are_taken_as_they_stand(tmp_path):
    (limit,) = limits_of(load_text(tmp_path, LIMITS))
    assert (limit.match, limit.requests, limit.tokens, limit.window_ms) == ((("user", "*"),), 5, 100, 3_600_000)


def test_a_stored_suspension_makes_guards_and_its_end_unmakes_them(tmp_path):
    async def both():
        async with engine_in(tmp_path) as engine:
            engine.store.guards.suspend(Suspension(label="user", value="ann"))
            await refresh(engine)
            made = engine.guards is not None
            engine.store.guards.resume(("user", "ann"), "root")
            await refresh(engine)
            return made, engine.guards

    assert asyncio.run(both()) == (True, None)


def test_a_reload_takes_up_limits_and_keeps_the_same_guards(tmp_path):
    async def both():
        async with engine_in(tmp_path, LIMITS) as engine:
            before = engine.guards
            await reload(engine, settings_in(tmp_path, LIMITS.replace("requests = 5", "requests = 6")))
            return before is engine.guards, engine.guards.rules.limits[0].requests

    assert asyncio.run(both()) == (True, 6)
