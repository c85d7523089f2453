"""What agents do is counted by session, told once a minute, and forgotten when somebody says so."""

from farthing.call.agents import AgentRules
from farthing.guard.velocity import VelocityRules
from support.desk import chat
from support.guarded import BLOCKING, GuardedDesk, code_of, looping, poll_rules, turns

RUN = (("run", "r1"),)
BOT = (("agent", "bot"),)


def test_the_same_trouble_is_told_once_a_minute():
    at = GuardedDesk(agents=AgentRules())
    for _ in range(3):
        at.take(looping(3), RUN)
    assert len(at.events) == 1
    at.time_ms += 60_000
    at.take(looping(3), RUN)
    assert len(at.events) == 2


def test_tools_that_may_repeat_are_exempt():
    body = turns(*[("look_at_oven", {}, "cold")] * 9)
    assert GuardedDesk(agents=poll_rules("look_*")).take(body, RUN).status == 200
    assert GuardedDesk(agents=BLOCKING).take(body, RUN).status == 402


def test_the_very_same_request_after_an_answer_is_a_loop_for_an_agent():
    at = GuardedDesk(agents=BLOCKING)
    body = turns(("write", {}, "ok"))
    assert [code_of(at.take(body, RUN)) for _ in range(3)] == ["", "", "circuit_open"]
    assert [at.take(chat("hello"), (("run", "r2"),)).status for _ in range(5)] == [200] * 5


def test_a_session_without_a_run_is_its_agent_under_its_key():
    at = GuardedDesk(agents=BLOCKING)
    trusted = frozenset({"agent"})
    assert code_of(at.take(looping(3), BOT, key="k1", trusted=trusted)) == "circuit_open"
    assert code_of(at.take(looping(1), BOT, key="k1", trusted=trusted)) == "circuit_open"
    assert at.take(looping(1), BOT, key="k2", trusted=trusted).status == 200


def test_a_bound_agent_cannot_leave_its_breaker_by_inventing_runs():
    at = GuardedDesk(agents=BLOCKING)
    bound = frozenset({"agent"})
    invented = [{"agent": "bot", "run": f"r{n}"} for n in range(3)]
    seen = [code_of(at.take(looping(3), labels, key="k1", trusted=bound)) for labels in invented]
    assert seen == ["circuit_open"] * 3
    assert len(at.guards.agents.stopped()) == 1


def test_resuming_an_agent_closes_its_breaker_and_no_other():
    at = GuardedDesk(agents=BLOCKING)
    for name in ("bot", "cat"):
        at.take(looping(3), (("agent", name),))
    at.guards.agents.resume(("agent", "bot"))
    assert [name for name, _ in at.guards.agents.stopped()] == [("", "cat", "")]
    assert at.take(looping(1), BOT).status == 200


def test_a_run_that_suddenly_spends_much_faster_is_stopped():
    rules = VelocityRules(own_minutes=3, least_nanos=100, window_minutes=1)
    at = GuardedDesk(agents=AgentRules(blocks=True, velocity=rules))
    for n in range(5):
        assert at.take(chat(str(n)), RUN).status == 200
        at.time_ms += 60_000
    went = [at.take(chat(f"fast {n}"), RUN) for n in range(9)]
    assert went[0].status == 200
    assert code_of(went[-1]) == "circuit_open"
    assert "a minute" in at.events[0].detail


def test_new_rules_hold_for_sessions_that_go_on():
    at = GuardedDesk(agents=AgentRules())
    at.take(looping(3), RUN)
    at.guards.agents.adopt(BLOCKING)
    assert code_of(at.take(looping(4), RUN)) == "circuit_open"
