"""What levers would have cost: told by replay from the record, and driven through a gateway with bodies changed that way."""

import json

import httpx2
import pytest

from farthing.replay.policy import policy_from
from farthing.replay.replaying import Replay
from farthing.replay.store import calls_of, ids_between
from farthing.replay.tally import Tally
from farthing.replay.window import kept
from farthing.replay.world import World
from farthing.testing import Reply, SimulatedProvider, ToolCall, list_prices
from farthing.testing.clock import ManualClock
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.chat import ChatDialect
from support.gateway import running_gateway, write_config

RUNS, STEPS, KEEP = 3, 10, 2
GAPS_MINUTES = (1, 7, 2, 30, 1, 80, 3, 6, 1, 1)
"""Some longer than five minutes, one longer than an hour."""
PAGE = "A line of the manual that every step of every run reads again. " * 180
"""Some 2,500 tokens, which providers cache."""
FOUND = "Row {} of the table says that order {} was sent on time, and that nobody complained. "
CLOSE = 0.005
"""What stands between two counts of the provider is spread by bytes."""
CLAUDE, OPENAI = "claude-sonnet-4-5", "gpt-4o"
PREFIX, WINDOW = "[prefix]\n{}\n", f'[context]\nplan = "window"\nkeep_turns = {KEEP}\n'


def says(prompt):
    """A tool's call after the user's words, as long whatever stands before them: a window must not change what is said."""
    if prompt.turns[-1].role == "user":
        return Reply(tools=(ToolCall("look_up", {"what": "order"}),))
    return Reply(tokens=180)


def chat(run):
    """The requests of one run as Chat Completions."""
    messages = [{"role": "system", "content": PAGE}, {"role": "user", "content": f"Task {run}: " + "please " * 40}]
    for step in range(STEPS):
        tools = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}]
        yield {"model": OPENAI, "messages": list(messages), "tools": tools, "max_tokens": 600}
        if step % 2 == 0:
            call = {"id": f"call_{run:012d}{step:012d}", "type": "function"}
            call["function"] = {"name": "look_up", "arguments": json.dumps({"what": "order", "number": step})}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            text = "".join(FOUND.format(at, step) for at in range(20))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": text})
        else:
            messages.append({"role": "assistant", "content": "So far so good, and there is more to come. " * 20})
            messages.append({"role": "user", "content": f"And what about number {step}, then? " * 20})


def claude(run):
    """The same as Messages."""
    for body in chat(run):
        system, *rest = body["messages"]
        tools = [{"name": "look_up", "input_schema": {"type": "object"}}]
        messages = [{"role": role_of(each), "content": blocks(each)} for each in rest]
        said = [{"type": "text", "text": system["content"]}]
        yield {"model": CLAUDE, "max_tokens": 600, "system": said, "tools": tools, "messages": messages}


def role_of(message):
    return "assistant" if message["role"] == "assistant" else "user"


def blocks(message):
    if calls := message.get("tool_calls"):
        made = [(call["id"], call["function"]) for call in calls]
        return [{"type": "tool_use", "id": i, "name": f["name"], "input": json.loads(f["arguments"])} for i, f in made]
    if message["role"] == "tool":
        return [{"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}]
    return [{"type": "text", "text": message["content"]}]


def marked(body, ttl="5m", *, system=True, last=True):
    """With breakpoints on the system and on the last message."""
    control = {"cache_control": {"type": "ephemeral", "ttl": ttl}}
    body = json.loads(json.dumps(body))
    for block in [body["system"][-1]] * system + [body["messages"][-1]["content"][-1]] * last:
        block.update(control)
    return body


def windowed(body):
    """With the last turns alone."""
    dialect = MessagesDialect() if body["model"] == CLAUDE else ChatDialect()
    shape = dialect.read(json.dumps(body).encode()).skeleton(b"k" * 32)
    return {**body, "messages": [body["messages"][at] for at in kept(shape.messages, KEEP)]}


def driven(folder, bodies, change=lambda body: body):
    """Every run through a gateway, in time made up: the record, the provider's bill and the configuration."""
    folder.mkdir()
    clock = ManualClock()
    simulated = SimulatedProvider(prices=list_prices(clock), script=says, clock=clock)
    with simulated.in_thread() as provider:
        config = write_config(folder, provider.url)
        with (
            running_gateway(config, clock=clock) as gateway,
            httpx2.Client(base_url=gateway.url, trust_env=False) as client,
        ):
            for run in range(RUNS):
                for body, gap in zip(bodies(run), GAPS_MINUTES, strict=True):
                    path = "/v1/messages" if body["model"] == CLAUDE else "/v1/chat/completions"
                    headers = {"x-farthing-labels": f"run=r{run}", "anthropic-version": "2023-06-01"}
                    answer = client.post(path, json=change(body), headers=headers)
                    assert answer.status_code == 200, answer.text
                    clock.advance(minutes=gap)
            gateway.flush()
            records = gateway.engine.records
            calls = list(calls_of(records, ids_between(records, since_ms=0, until_ms=1 << 62)))
        return calls, provider.bill.nanos, config


def replayed(calls, config, policy):
    file = config.parent / "policy.toml"
    file.write_text(policy)
    then, now = policy_from(config, file, {})
    tally = Tally()
    Replay(World(now, then), tally.add).run(calls)
    return tally


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """The runs as they were recorded: with breakpoints, without, and where the provider caches by itself."""
    folder = tmp_path_factory.mktemp("past")
    return {
        "marked": driven(folder / "marked", claude, marked),
        "bare": driven(folder / "bare", claude),
        "openai": driven(folder / "openai", chat),
    }


CASES = {
    "an hour instead of five minutes": ("marked", PREFIX.format('ttl = "1h"'), lambda body: marked(body, "1h")),
    "no breakpoints": ("marked", PREFIX.format('plan = "off"'), lambda body: body),
    "the system alone": ("marked", PREFIX.format('plan = "system"'), lambda body: marked(body, last=False)),
    "breakpoints where there were none": ("bare", PREFIX.format('plan = "auto"'), marked),
    "the system where there was none": (
        "bare",
        PREFIX.format('plan = "system"'),
        lambda body: marked(body, last=False),
    ),
    "an hour where there was none": ("bare", PREFIX.format('ttl = "1h"'), lambda body: marked(body, "1h")),
    "a window before marked prompts": ("marked", WINDOW, lambda body: marked(windowed(body))),
    "a window before bare prompts": ("bare", WINDOW, windowed),
    "a window and no breakpoints": ("marked", WINDOW + PREFIX.format('plan = "off"'), windowed),
    "a window where the provider caches by itself": ("openai", WINDOW, windowed),
}


@pytest.mark.parametrize("name", CASES)
def test_a_lever_costs_in_the_replay_what_changed_bodies_cost(past, tmp_path, name):
    recorded, policy, change = CASES[name]
    calls, then_nanos, config = past[recorded]
    real_calls, real_nanos, _ = driven(tmp_path / "real", chat if recorded == "openai" else claude, change)
    tally = replayed(calls, config, policy)
    told = tally.whole.now
    assert told.cost_nanos == pytest.approx(real_nanos, rel=CLOSE)
    assert (told.cost_nanos > then_nanos) == (real_nanos > then_nanos), "dearer shows as dearer"
    assert told.input_tokens == pytest.approx(sum(call.usage.input_tokens for call in real_calls), rel=CLOSE)
