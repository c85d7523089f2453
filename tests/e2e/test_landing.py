"""An agent that never comes to an end, under a small budget of its run: it ends with an answer instead of an error."""

from typing import ClassVar

import anthropic
import openai
import pytest

from farthing.domain.money import parse_usd
from support.gateway import gateway_and_provider
from support.looping_agents import AGENTS, ANSWER, MessagesAgent, never_done

RUN = """
[[budgets]]
name = "each run"
limit = "{limit} USD"
window = "run"
floor = 64
land_output = 300
soft = [{{ at = 0.99, do = ["land"] }}]
"""
LIMITS = {"chat": "0.004", "responses": "0.004", "messages": "0.04"}
REFUSED = (openai.APIStatusError, anthropic.APIStatusError)


@pytest.fixture(scope="module", params=AGENTS)
def landing(request, tmp_path_factory):
    """An agent's kind, and a gateway before a provider whose model never stops by itself."""
    more = RUN.format(limit=LIMITS[request.param])
    with gateway_and_provider(tmp_path_factory.mktemp(request.param), more, script=never_done) as (gateway, provider):
        yield AGENTS[request.param], gateway, provider


def spent(gateway, run):
    gateway.flush()
    (found,) = [s for s in gateway.engine.records.accounts("each run") if s.account.window == f"run:{run}"]
    return found


def assert_landed(agent, gateway, run, limit):
    assert agent.headers[-1]["x-farthing-acts"] == "landing"
    assert all("x-farthing-acts" not in headers for headers in agent.headers[:-1])
    assert len(agent.headers) > 2, "it could work before it had to finish"
    found = spent(gateway, run)
    assert found.held == found.unknown == 0
    assert found.posted <= parse_usd(limit)
    (attempt,) = gateway.record(agent.headers[-1]["x-farthing-call-id"]).attempts
    assert "landing" in attempt.flags


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_loop_with_tools_ends_with_an_answer(landing, streamed):
    kind, gateway, _ = landing
    run = f"loop-{streamed}"
    agent = kind(gateway.url, run, streamed=streamed)
    assert agent.run() == ANSWER
    assert_landed(agent, gateway, run, LIMITS[kind.name])


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_agent_whose_answer_is_a_tool_ends_by_calling_it(landing, streamed):
    kind, gateway, _ = landing
    run = f"tool-{streamed}"
    agent = kind(gateway.url, run, streamed=streamed, output_tool=True)
    assert agent.run() == ANSWER
    assert_landed(agent, gateway, run, LIMITS[kind.name])


def test_after_its_last_answer_a_run_is_refused_and_another_is_not(landing):
    kind, gateway, provider = landing
    agent = kind(gateway.url, "once")
    assert agent.run() == ANSWER
    before = len(provider.bill)
    with pytest.raises(REFUSED) as refused:
        agent.ask()
    assert refused.value.status_code == 402
    assert "had its last answer" in str(refused.value)
    assert len(provider.bill) == before
    assert kind(gateway.url, "another").run() == ANSWER


def test_a_call_without_a_run_has_no_last_answer(landing):
    """All of them share one account, and nobody can say which call is anybody's last."""
    kind, gateway, _ = landing
    agent = kind(gateway.url, "")
    with pytest.raises(REFUSED) as refused:
        agent.run()
    assert refused.value.status_code == 402
    assert all("x-farthing-acts" not in headers for headers in agent.headers)


def test_on_a_months_budget_each_run_lands_at_its_next_call_and_calls_without_a_run_are_blocked(tmp_path):
    more = (
        '[[budgets]]\nname = "month"\nlimit = "0.02 USD"\nwindow = "month"\nfloor = 64\nland_output = 100\n'
        'soft = [{ at = 0.5, do = ["land"] }]\n'
    )
    with gateway_and_provider(tmp_path, more, script=never_done) as (gateway, _):
        first = AGENTS["chat"](gateway.url, "a", model="gpt-4o")
        assert first.run() == ANSWER
        second = AGENTS["chat"](gateway.url, "b", model="gpt-4o")
        assert second.run() == ANSWER
        assert [headers["x-farthing-acts"] for headers in second.headers] == ["landing"]
        with pytest.raises(openai.APIStatusError, match="allows no call"):
            AGENTS["chat"](gateway.url, "", model="gpt-4o").run()


class Thinking(MessagesAgent):
    more: ClassVar = {"thinking": {"type": "enabled", "budget_tokens": 1_024}}


def test_a_model_that_thinks_lands_without_thinking(tmp_path):
    """The provider refuses thinking beside a forced tool, and thinking of less than 1,024 tokens."""
    with gateway_and_provider(tmp_path, RUN.format(limit="0.06"), script=never_done) as (gateway, _):
        agent = Thinking(gateway.url, "t", cap=1_500)
        assert agent.run() == ANSWER
        assert_landed(agent, gateway, "t", "0.06")
