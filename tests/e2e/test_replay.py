"""Agents through a real gateway and a simulated provider, and the same again by replay: equal to the nano-dollar."""

import json

import httpx2
import pytest

from farthing.replay.policy import policy_from
from farthing.replay.replaying import Replay
from farthing.replay.store import calls_of, ids_between
from farthing.replay.tally import Tally
from farthing.replay.world import World
from farthing.testing import Reply, ToolCall
from support.gateway import gateway_and_provider
from support.shell import asked_json

RUNS, STEPS = 4, 6
CAP = 600
PAGE = "A line of the manual that every step of every run reads again. " * 180
"""Some 2,500 tokens, which the provider caches."""
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}]
RUN_BUDGET = '[[budgets]]\nname = "run"\nwindow = "run"\nlimit = "{}"\n'
ALL = '[[budgets]]\nname = "all"\nlimit = "100 USD"\n'
SMALLER = '[tiers]\nsmall = ["gpt-4o-mini"]\n' + ALL + 'soft = [{ at = 0.000001, do = ["downgrade"] }]\n'
TIGHTER = RUN_BUDGET.format("0.03 USD")
POLICIES = {
    "a budget that refuses what it would have to clamp": RUN_BUDGET.format("0.03 USD") + f"floor = {CAP}\n",
    "calls instead of money": '[[budgets]]\nname = "run"\nwindow = "run"\ncalls = 3\n',
    "one budget for all": '[[budgets]]\nname = "all"\nlimit = "0.11 USD"\n',
    "a smaller tier": SMALLER,
    "another price": '[[prices]]\nmodel = "gpt-4o"\ninput = 1.25\noutput = 5\ncache_read = 0.5\n',
    "half the cap": ALL + f"per_output = {CAP // 2}\n",
    "half the answer at half the money": ALL.replace("100", "0.09") + 'soft = [{ at = 0.5, do = ["shorten"] }]\n',
}


def says(prompt):
    """What the model says depends on where the conversation is, as a recorded agent's does."""
    turn = sum(turn.role == "assistant" for turn in prompt.turns)
    if turn % 2 == 0 and prompt.tool_choice != "none":
        return Reply(tools=(ToolCall("look_up", {"what": "order", "number": turn}),))
    return Reply(tokens=350 + 40 * turn)


def conversation(run):
    """The requests of one run, each with the whole history in front."""
    messages = [{"role": "system", "content": PAGE}, {"role": "user", "content": f"Task {run}: " + "please " * 40}]
    for step in range(STEPS):
        yield list(messages)
        if step % 2 == 0:
            call = {"id": f"call_{run:012d}{step:012d}", "type": "function"}
            call["function"] = {"name": "look_up", "arguments": json.dumps({"what": "order", "number": step})}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": "found it. " * 30})
        else:
            messages.append({"role": "assistant", "content": "So far so good. " * 20})
            messages.append({"role": "user", "content": "And then? " * 20})


def drive(gateway):
    """Every run, one after another; each stops where it is refused."""
    with httpx2.Client(base_url=gateway.url, trust_env=False) as client:
        for run in range(RUNS):
            for messages in conversation(run):
                body = {"model": "gpt-4o", "messages": messages, "tools": TOOLS, "max_tokens": CAP}
                labels = {"x-farthing-labels": f"run=r{run},workflow=support"}
                answer = client.post("/v1/chat/completions", json=body, headers=labels)
                assert answer.status_code in (200, 402), answer.text
                if answer.status_code == 402:
                    break
    gateway.flush()


def recorded(gateway):
    return list(calls_of(gateway.engine.records, ids_between(gateway.engine.records, since_ms=0, until_ms=1 << 62)))


def driven(folder, policy):
    """What the gateway and the provider come to under a policy: the record, the provider's bill, the configuration."""
    folder.mkdir()
    with gateway_and_provider(folder, policy, script=says) as (gateway, provider):
        drive(gateway)
        return recorded(gateway), provider.bill.nanos, folder / "farthing.toml"


def replayed(calls, config, policy=None):
    then, now = policy_from(config, policy, {})
    tally = Tally()
    Replay(World(now, then), tally.add).run(calls)
    return tally


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """The runs without any policy."""
    return driven(tmp_path_factory.mktemp("past") / "gateway", "")


def test_the_replay_of_the_recorded_policy_is_the_bill_to_the_nano_dollar(past):
    calls, bill_nanos, config = past
    tally = replayed(calls, config)
    assert len(calls) == RUNS * STEPS
    assert any(call.usage.cache_read_input_tokens for call in calls), "or the cache was never tested"
    assert tally.whole.now.cost_nanos == tally.whole.then.cost_nanos == bill_nanos
    assert tally.shares.recorded_nanos == bill_nanos
    assert not tally.otherwise


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_costs_and_refuses_in_the_replay_what_it_does_in_the_gateway(past, tmp_path, name):
    calls, _, config = past
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICIES[name])
    real, _, _ = driven(tmp_path / "gateway", POLICIES[name])
    told = replayed(calls, config, policy).whole.now
    assert told.cost_nanos == sum(call.cost_nanos or 0 for call in real)
    assert told.refused == sum(call.outcome == "refused" for call in real)
    assert told.calls == len(real)
    then = sum(call.cost_nanos for call in calls)
    assert told.cost_nanos < then, "or the policy did nothing"


def test_caps_that_are_clamped_to_what_is_left_are_told_within_a_few_tokens(past, tmp_path):
    """How many tokens a prompt with tools is counted as, beyond what is billed, is in no record of a call that fitted."""
    calls, _, config = past
    policy = tmp_path / "policy.toml"
    policy.write_text(TIGHTER)
    real, _, _ = driven(tmp_path / "gateway", TIGHTER)
    tally = replayed(calls, config, policy)
    assert tally.clamped
    assert tally.whole.now.refused == sum(call.outcome == "refused" for call in real)
    assert tally.whole.now.cost_nanos == pytest.approx(sum(call.cost_nanos or 0 for call in real), rel=0.005)


def test_the_record_of_a_policy_is_reproduced_with_its_refusals(tmp_path):
    calls, bill_nanos, config = driven(tmp_path / "gateway", TIGHTER)
    tally = replayed(calls, config)
    assert tally.whole.now.cost_nanos == bill_nanos
    assert tally.whole.now.refused == tally.whole.then.refused > 0
    assert not tally.otherwise, "the engine came to the same by itself"


def test_the_command_reads_the_gateways_own_store(tmp_path, monkeypatch):
    calls, _bill_nanos, config = driven(tmp_path / "gateway", "")
    (tmp_path / "policy.toml").write_text(RUN_BUDGET.format("0.03 USD"))
    monkeypatch.chdir(tmp_path / "gateway")
    same = asked_json("replay", "--config", config)
    assert same["recorded"]["cost_usd"] == same["replayed"]["cost_usd"]
    assert same["usage"]["recorded"]["calls"] == len(calls)
    tight = asked_json("replay", "--config", config, "--policy", tmp_path / "policy.toml", "--runs")
    assert tight["run_endings"]["stopped"] + tight["run_endings"]["refused"] > 0
    assert float(tight["replayed"]["cost_usd"]) < float(tight["recorded"]["cost_usd"])
    assert len(tight["runs"]) == RUNS


MARKED = [{"type": "text", "text": PAGE, "cache_control": {"type": "ephemeral"}}]
HELLO = [{"role": "user", "content": "Hello there. " * 30}]
CALLS = [
    ("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": HELLO}),
    ("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": HELLO, "n": 2, "stream": True, "max_tokens": 90}),
    ("/v1/responses", {"model": "gpt-4.1", "input": "Hello there. " * 30, "instructions": PAGE}),
    ("/v1/responses", {"model": "gpt-5", "input": "Hello there.", "max_output_tokens": 300, "stream": True}),
    ("/v1/messages", {"model": "claude-sonnet-4-5", "max_tokens": 200, "messages": HELLO, "system": MARKED}),
    ("/v1/messages", {"model": "claude-haiku-4-5", "max_tokens": 200, "messages": HELLO, "stream": True}),
    ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["one text", "and another"]}),
    ("/v1/chat/completions", {"model": "gpt-5", "messages": HELLO, "temperature": 0.3}),
]
"""Every dialect, whole and streamed, and one that the provider refuses."""


def test_every_dialect_is_replayed_to_the_nano_dollar(tmp_path):
    (tmp_path / "gateway").mkdir()
    with (
        gateway_and_provider(tmp_path / "gateway", ALL) as (gateway, provider),
        httpx2.Client(base_url=gateway.url, trust_env=False) as client,
    ):
        for path, body in CALLS * 2:
            client.post(path, json=body, headers={"anthropic-version": "2023-06-01"})
        gateway.flush()
        calls, bill_nanos = recorded(gateway), provider.bill.nanos
    assert {call.outcome for call in calls} == {"paid", "failed"}
    tally = replayed(calls, tmp_path / "gateway" / "farthing.toml")
    assert tally.whole.now.cost_nanos == tally.whole.then.cost_nanos == bill_nanos
    assert (tally.whole.now.failed, tally.whole.now.paid) == (2, 14)
    assert not tally.otherwise
    policy = tmp_path / "policy.toml"
    policy.write_text(ALL.replace("100", "99"))
    assert replayed(calls, tmp_path / "gateway" / "farthing.toml", policy).whole.now.cost_nanos == bill_nanos
