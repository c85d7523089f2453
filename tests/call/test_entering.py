"""The part of a call before money: guarded, planned, counted; and nothing is left behind where it does not go."""

import asyncio
import json

import pytest

from farthing.call.agents import AgentRules
from farthing.call.entering import enter, entering, release
from farthing.call.states import NeedsFunds, Refused
from farthing.domain.errors import Ambiguous, BadRequest, NotSent
from farthing.domain.suspension import Suspension
from farthing.guard.limit import Limit
from farthing.guard.session import SessionLimits
from farthing.ports.guards import KnownRun
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.responses import ResponsesDialect
from support.desk import ValueDesk, chat, dollars
from support.guarded import BLOCKING, GuardedDesk, code_of, looping, turns
from support.upstream import PreparedAnswer, chat_answer

RUN = (("run", "r1"),)
SMALL = Limit(match=(("user", "*"),), requests=2, concurrency=2)
ANN = (("user", "ann"),)


def standing(at):
    (found,) = at.guards.rates.standings(now_ms=at.time_ms)
    return found.requests, found.tokens, found.running


def test_without_guards_a_call_is_planned_and_carries_nothing():
    at = ValueDesk(budgets=(dollars("1"),))
    state = asyncio.run(enter(at.arrival(chat()), at.rules, at))
    assert isinstance(state, NeedsFunds)
    assert state.plan.visit is None
    release(state, at)


def test_rates_are_counted_and_refused_in_the_clients_dialect_with_a_time_to_come_back():
    at = GuardedDesk(limits=[SMALL])
    assert [at.take(chat(), ANN).status for _ in range(2)] == [200, 200]
    client = at.take(chat(), ANN)
    assert client.status == 429
    assert client.headers[b"retry-after"] == b"60"
    assert b"x-should-retry" not in client.headers
    error = json.loads(client.text)["error"]
    assert (error["type"], error["code"]) == ("rate_limit_exceeded", "rate_limit_exceeded")
    assert "2 requests per minute for user ann" in error["message"]
    assert at.take(chat(), (("user", "bea"),)).status == 200
    assert at.last().closing.outcome == "paid"
    at.time_ms += 60_000
    assert at.take(chat(), ANN).status == 200


def test_a_rate_refusal_in_anthropics_dialect_is_a_rate_limit_error():
    at = GuardedDesk(limits=[Limit(requests=1)])
    at.take(chat())
    body = {"model": "claude-haiku-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    client = asyncio.run(at.call(body, dialect=MessagesDialect()))
    assert client.status == 429
    assert json.loads(client.text)["error"]["type"] == "rate_limit_error"


def test_a_call_larger_than_a_whole_limit_is_a_policy_refusal():
    at = GuardedDesk(limits=[Limit(tokens=50)])
    client = at.take(chat("x", max_tokens=60))
    assert client.status == 402
    assert code_of(client) == "larger_than_rate_limit"
    assert client.headers[b"x-should-retry"] == b"false"


def test_tokens_are_counted_exactly_before_a_call_is_refused_by_its_bytes():
    at = GuardedDesk(limits=[Limit(tokens=300)])
    text = "international " * 60  # 840 bytes
    at.facts = {}

    async def count(need):
        return 70 if type(need).__name__ == "ExactCount" else None

    at.answer = count
    assert at.take(chat(text, max_tokens=100)).status == 200
    assert standing(at)[1] == 15


def test_tokens_become_those_that_were_used_and_stay_where_nobody_knows():
    at = GuardedDesk(chat_answer(10, 5), Ambiguous("reset"), limits=[Limit(tokens=5_000)])
    at.take(chat(max_tokens=100))
    assert standing(at) == (1, 15, 0)
    at.take(chat(max_tokens=100))
    requests, tokens, running = standing(at)
    assert (requests, running) == (2, 0)
    assert tokens > 115


@pytest.mark.parametrize("limits", [[Limit(requests=5, tokens=9_000, concurrency=5)]])
def test_what_was_never_sent_is_not_counted(limits):
    at = GuardedDesk(NotSent("a"), NotSent("b"), NotSent("c"), limits=limits)
    assert at.take(chat()).status == 502
    assert at.guards.rates.standings(now_ms=at.time_ms) == () or standing(at) == (0, 0, 0)
    poor = GuardedDesk(limits=limits)
    poor.ledger.adopt((dollars("0.00000001"),), ())
    assert poor.take(chat()).status == 402
    assert poor.guards.rates.standings(now_ms=poor.time_ms) == () or standing(poor) == (0, 0, 0)


def test_what_the_provider_refused_is_one_request_without_tokens():
    at = GuardedDesk(PreparedAnswer(400, [b"{}"]), limits=[Limit(requests=5, tokens=9_000)])
    at.take(chat())
    assert standing(at) == (1, 0, 0)


def test_a_call_that_no_provider_takes_leaves_nothing_behind():
    at = GuardedDesk(limits=[SMALL], agents=BLOCKING)
    at.rules.providers = ()
    with pytest.raises(BadRequest):
        at.take(chat(), {**dict(ANN), **dict(RUN)})
    assert at.guards.rates.standings(now_ms=at.time_ms) == ()
    assert all(run.in_flight == 0 for run in at.guards.runs)


def test_a_call_that_is_not_driven_after_all_is_released():
    at = GuardedDesk(limits=[SMALL])
    arrival = at.arrival(chat(), caller=GuardedCaller.ann)
    state = asyncio.run(enter(arrival, at.rules, at))
    assert standing(at)[2] == 1
    release(state, at)
    release(state, at)
    assert at.guards.rates.standings(now_ms=at.time_ms) == () or standing(at) == (0, 0, 0)


def test_inventing_users_does_not_get_past_a_limit():
    at = GuardedDesk(limits=[Limit(match=(("user", "*"),), requests=1)])
    trusted = frozenset({"user"})
    went = [at.take(chat(), (("user", f"u{n}"),), key="bot", trusted=trusted, max_values=3).status for n in range(10)]
    assert went.count(200) == 4
    assert went[4:] == [429] * 6


def test_labels_that_a_caller_may_not_choose_choose_no_limit():
    at = GuardedDesk(limits=[Limit(match=(("team", "rich"),), requests=1)])
    for _ in range(3):
        assert at.take(chat(), (("team", "rich"),), key="bot", trusted=frozenset()).status == 200


def test_a_suspended_user_is_refused_wherever_it_is_named_and_a_key_always():
    at = GuardedDesk()
    at.learn(
        suspensions=(
            Suspension(label="user", value="ann", by="root", why="a leak"),
            Suspension(label="key", value="k2"),
        )
    )
    client = at.take(chat(), ANN, key="k1", trusted=frozenset())
    assert (client.status, code_of(client)) == (402, "suspended")
    assert client.headers[b"x-should-retry"] == b"false"
    assert "a leak" in json.loads(client.text)["error"]["message"]
    assert "farthing runs resume --label user=ann" in json.loads(client.text)["error"]["message"]
    assert code_of(at.take(chat(), key="k2")) == "suspended"
    assert at.take(chat(), (("user", "bea"),), key="k1").status == 200
    assert [event.subject for event in at.events] == ["key k2", "user ann"]
    assert at.last().closing.outcome == "paid"


def test_calls_of_an_ended_run_are_refused_and_landings_are_left_to_its_budgets():
    at = GuardedDesk()
    at.learn(
        runs=(
            KnownRun(name="r1", started_ms=1, ended_ms=5),
            KnownRun(name="r2", started_ms=1, landed=("a",)),
        )
    )
    client = at.take(chat(), RUN)
    assert (client.status, code_of(client)) == (402, "run_ended")
    assert at.take(chat(), {"run": "r2", "agent": "a"}).status == 200


def test_an_orphaned_run_is_refused_and_reported_and_so_are_those_below_it():
    at = GuardedDesk()
    beat = at.time_ms
    at.learn(runs=(KnownRun(name="r1", started_ms=beat, beat_ms=beat, beat_every_ms=30_000),
                   KnownRun(name="r2", started_ms=beat, parent="r1")))  # fmt: skip
    at.time_ms += 90_000
    assert at.take(chat(), RUN).status == 200
    at.time_ms += 1
    assert code_of(at.take(chat(), RUN)) == "run_orphaned"
    assert code_of(at.take(chat(), {"run": "r2"})) == "run_orphaned"
    assert [(event.kind, event.subject) for event in at.events] == [("orphan", "run r1"), ("orphan", "run r2")]
    at.learn(runs=(KnownRun(name="r1", started_ms=beat, beat_ms=at.time_ms, beat_every_ms=30_000),))
    assert at.take(chat(), RUN).status == 200


def test_a_runs_calls_in_flight_are_counted_out_however_they_end():
    at = GuardedDesk(chat_answer(10, 5), Ambiguous("reset"), NotSent("a"), NotSent("b"), NotSent("c"), agents=BLOCKING)
    for _ in range(3):
        at.take(chat(), RUN)
    assert at.guards.runs.get("r1").in_flight == 0
    assert at.guards.runs.get("r1").called_ms == at.time_ms


def test_a_loop_is_stopped_at_the_third_repetition_and_told():
    at = GuardedDesk(agents=BLOCKING)
    assert [at.take(looping(n), RUN).status for n in (0, 1, 2)] == [200, 200, 200]
    client = at.take(looping(3), RUN)
    assert (client.status, code_of(client)) == (402, "circuit_open")
    assert client.headers[b"x-should-retry"] == b"false"
    message = json.loads(client.text)["error"]["message"]
    assert "run r1 is stopped" in message.lower()
    assert "search_orders gave the same result 3 times" in message
    assert "farthing runs resume r1" in message
    assert [(event.kind, event.subject) for event in at.events] == [("loop", "run r1")]
    assert code_of(at.take(turns(("write_note", {}, "ok")), RUN)) == "circuit_open"
    assert at.take(looping(2), {"run": "r2"}).status == 200


def test_without_a_guard_section_a_loop_only_alerts():
    at = GuardedDesk(agents=AgentRules())
    assert [at.take(looping(n), RUN).status for n in range(6)] == [200] * 6
    assert [event.kind for event in at.events] == ["loop"]


def test_a_loop_of_a_call_without_run_and_agent_is_refused_by_itself():
    at = GuardedDesk(agents=BLOCKING)
    assert code_of(at.take(looping(3))) == "circuit_open"
    assert at.take(looping(2)).status == 200


def test_one_key_cannot_trip_the_run_of_another():
    at = GuardedDesk(agents=BLOCKING)
    both = frozenset({"run"})
    assert code_of(at.take(looping(3), RUN, key="eve", trusted=both)) == "circuit_open"
    assert at.take(looping(1), RUN, key="bot", trusted=both).status == 200


def test_after_a_while_one_call_goes_to_see_and_closes_or_opens_for_longer():
    at = GuardedDesk(agents=BLOCKING)
    at.take(looping(3), RUN)
    at.time_ms += 299_999
    assert code_of(at.take(looping(3), RUN)) == "circuit_open"
    at.time_ms += 1
    assert at.take(looping(3), RUN).status == 200
    assert code_of(at.take(looping(4), RUN)) == "circuit_open"
    at.time_ms += 300_000
    assert code_of(at.take(looping(4), RUN)) == "circuit_open"
    at.time_ms += 300_000
    assert at.take(looping(4), RUN).status == 200
    done = turns(*[("search_orders", {"id": 7}, "none found")] * 4, ("cancel_order", {"id": 7}, "cancelled"))
    assert at.take(done, RUN).status == 200


def test_while_the_probe_is_out_nobody_else_goes():
    at = GuardedDesk(agents=BLOCKING)
    at.take(looping(3), RUN)
    at.time_ms += 300_000
    caller = GuardedCaller.run

    async def both():
        first = await enter(at.arrival(looping(3), caller=caller), at.rules, at)
        second = await enter(at.arrival(looping(3), caller=caller), at.rules, at)
        release(first, at)
        third = await enter(at.arrival(looping(3), caller=caller), at.rules, at)
        return first, second, third

    first, second, third = asyncio.run(both())
    assert isinstance(first, NeedsFunds)
    assert not isinstance(second, NeedsFunds)
    assert isinstance(third, NeedsFunds), "a probe that was never sent is followed by another"


def test_steps_cost_and_retries_of_a_session_trip_its_breaker():
    at = GuardedDesk(agents=AgentRules(blocks=True, limits=SessionLimits(steps=2)))
    assert [code_of(at.take(chat(str(n)), RUN)) for n in range(3)] == ["", "", "circuit_open"]
    rich = GuardedDesk(agents=AgentRules(blocks=True, limits=SessionLimits(cost_nanos=4_500)))
    assert [code_of(rich.take(chat(str(n)), RUN)) for n in range(2)] == ["", "circuit_open"]
    again = GuardedDesk(agents=AgentRules(blocks=True, limits=SessionLimits(tool_calls=2)))
    told = [turns(*[("write", {"n": n}, f"{n}") for n in range(upto)]) for upto in (1, 2, 3)]
    assert [code_of(again.take(body, RUN)) for body in told] == ["", "", "circuit_open"]


def test_a_resumed_run_begins_anew():
    at = GuardedDesk(agents=AgentRules(blocks=True, limits=SessionLimits(steps=2)))
    for n in range(3):
        client = at.take(chat(str(n)), RUN)
    assert client.status == 402
    at.learn(resumed=(("run", "r1"),))
    assert [code_of(at.take(chat(f"{n}b"), RUN)) for n in range(3)] == ["", "", "circuit_open"]


class GuardedCaller:
    from farthing.call.arrival import Caller

    ann = Caller(labels=ANN)
    run = Caller(labels=RUN)


def response(number, calls=()):
    """A Responses answer that calls these tools, as (name, arguments, id)."""
    items = [
        {"type": "function_call", "id": f"fc_{at}", "call_id": at, "name": name, "arguments": arguments}
        for name, arguments, at in calls
    ]
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    body = {"id": f"resp_{number}", "object": "response", "status": "completed", "output": items, "usage": usage}
    return PreparedAnswer(pieces=[json.dumps({**body, "model": "gpt-4o-mini"}).encode()])


def test_a_loop_is_seen_where_the_provider_keeps_the_conversation():
    calls = [("search_orders", '{"id": 7}', f"call_{n}") for n in range(9)]
    at = GuardedDesk(*(response(n, [calls[n]]) for n in range(9)), agents=BLOCKING, answers=0)
    seen = []
    for n in range(5):
        items = [{"type": "function_call_output", "call_id": f"call_{n - 1}", "output": "none found"}]
        body = {"model": "gpt-4o-mini", "max_output_tokens": 20, "input": items if n else "find order 7"}
        if n:
            body["previous_response_id"] = f"resp_{n - 1}"
        client = asyncio.run(at.call(body, dialect=ResponsesDialect(), caller=GuardedCaller.run))
        seen.append((client.status, code_of(client)))
    assert seen == [(200, ""), (200, ""), (200, ""), (402, "circuit_open"), (402, "circuit_open")]


def test_a_conversation_kept_by_the_provider_that_gets_on_is_not_stopped():
    calls = [("search_orders", json.dumps({"id": n}), f"call_{n}") for n in range(9)]
    at = GuardedDesk(*(response(n, [calls[n]]) for n in range(9)), agents=BLOCKING, answers=0)
    for n in range(9):
        items = [{"type": "function_call_output", "call_id": f"call_{n - 1}", "output": "none found"}]
        body = {"model": "gpt-4o-mini", "max_output_tokens": 20, "input": items if n else "find the orders"}
        if n:
            body["previous_response_id"] = f"resp_{n - 1}"
        assert asyncio.run(at.call(body, dialect=ResponsesDialect(), caller=GuardedCaller.run)).status == 200


def test_a_call_without_guards_and_thresholds_goes_on_at_once():
    at = ValueDesk(budgets=(dollars("1"),))
    assert isinstance(entering(at.arrival(chat()), at.rules, at), NeedsFunds)


def test_a_call_that_policy_refuses_is_told_so_after_it_was_waited_for():
    at = ValueDesk(budgets=(dollars("1"),))
    found = asyncio.run(enter(at.arrival(chat(web_search_options={})), at.rules, at))
    assert isinstance(found, Refused)
    assert found.refusal.code == "uncapped_feature"
