"""Does `replay` say what levers would cost that change requests: breakpoints of provider caches, and windows over context?

    python benchmarks/replay_levers.py --data DIR [--runs N]

DIR/agent_runs/tau_airline*.jsonl.gz: as in near_the_limit.py, which says where they can be had.

Every call of every run goes through a real gateway to the simulated provider, once as it was and once with its body really
changed: as Chat Completions, whose provider caches by itself, and as Messages, with and without breakpoints. The record of
the first, replayed under the policy, stands beside what the second cost. Runs have no times in the data: the pauses
between calls are made up, some longer than five minutes, some longer than an hour.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import uvloop
from near_the_limit import CONFIG, Model, Run, runs_in

from farthing.config.build import build, shut
from farthing.config.load import load, load_over
from farthing.domain.money import usd
from farthing.gateway.app import Gateway
from farthing.gateway.limits import WireLimits
from farthing.gateway.serve import listen, server
from farthing.replay.recorded import Recorded
from farthing.replay.replaying import Replay
from farthing.replay.tally import Tally
from farthing.replay.window import kept
from farthing.replay.world import World
from farthing.testing import SimulatedProvider, list_prices
from farthing.testing.clock import ManualClock
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.chat import ChatDialect
from replay import recorded

Body = dict[str, Any]
Change = Callable[[Body], Body]

CLAUDE, OPENAI = "claude-sonnet-4-5", "gpt-4o"
GAPS_SECONDS = (5, 40, 5, 400, 20, 5, 90, 1_200, 5, 5, 240, 30, 4_000, 5)
ANTHROPIC = '[providers.anthropic]\nformat = "anthropic"\nbase_url = "{provider}"\napi_key = "sk-benchmark"\n'
HEADERS = {"anthropic-version": "2023-06-01"}
PREFIX, WINDOW = "[prefix]\n{}\n", '[context]\nplan = "window"\nkeep_turns = {}\n'


class Case(NamedTuple):
    """One policy, and the change that it stands for."""

    name: str
    past: str
    policy: str
    change: Change


def chat(messages: Sequence[Body], run: Run) -> Body:
    return {"model": OPENAI, "messages": list(messages), "tools": run.tools, "max_tokens": 1_024}


def claude(messages: Sequence[Body], run: Run) -> Body:
    """The same as Messages."""
    system = [{"type": "text", "text": each["content"]} for each in messages if each["role"] == "system"]
    tools = [{"name": tool["function"]["name"], "input_schema": {"type": "object"}} for tool in run.tools]
    made: list[Body] = []
    for each in messages:
        if each["role"] == "system":
            continue
        role = "assistant" if each["role"] == "assistant" else "user"
        if made and made[-1]["role"] == role == "user":
            made[-1]["content"] += blocks(each)
        else:
            made.append({"role": role, "content": blocks(each)})
    return {"model": CLAUDE, "max_tokens": 1_024, "system": system, "tools": tools, "messages": made}


def blocks(message: Body) -> list[Body]:
    if message["role"] == "tool":
        return [{"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}]
    found: list[Body] = [{"type": "text", "text": message["content"]}] if message["content"] else []
    for call in message.get("tool_calls") or ():
        asked = json.loads(call["function"]["arguments"])
        found.append({"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": asked})
    return found


def marked(ttl: str, *, last: bool = True) -> Change:
    """With breakpoints on the system and on the last message."""

    def change(body: Body) -> Body:
        body = json.loads(json.dumps(body))
        for block in [body["system"][-1], *([body["messages"][-1]["content"][-1]] if last else [])]:
            block["cache_control"] = {"type": "ephemeral", "ttl": ttl}
        return body

    return change


def windowed(turns: int, then: Change = lambda body: body) -> Change:
    """With the last turns alone."""

    def change(body: Body) -> Body:
        dialect = MessagesDialect() if body["model"] == CLAUDE else ChatDialect()
        shapes = dialect.read(json.dumps(body).encode()).skeleton(b"k" * 32).messages
        return then({**body, "messages": [body["messages"][at] for at in kept(shapes, turns)]})

    return change


def as_it_was(body: Body) -> Body:
    return body


PASTS: dict[str, tuple[Callable[[Sequence[Body], Run], Body], Change]] = {
    "openai": (chat, as_it_was),
    "claude, bare": (claude, as_it_was),
    "claude, 5m": (claude, marked("5m")),
}


def cases() -> Iterator[Case]:
    yield Case("ttl 1h", "claude, 5m", PREFIX.format('ttl = "1h"'), marked("1h"))
    yield Case("off", "claude, 5m", PREFIX.format('plan = "off"'), as_it_was)
    yield Case("system", "claude, 5m", PREFIX.format('plan = "system"'), marked("5m", last=False))
    yield Case("auto", "claude, bare", PREFIX.format('plan = "auto"'), marked("5m"))
    yield Case("auto, ttl 1h", "claude, bare", PREFIX.format('ttl = "1h"'), marked("1h"))
    for turns in (2, 5, 10):
        yield Case(f"window of {turns}", "openai", WINDOW.format(turns), windowed(turns))
        yield Case(f"window of {turns}", "claude, 5m", WINDOW.format(turns), windowed(turns, marked("5m")))


@asynccontextmanager
async def gateway(clock: ManualClock, model: Model):
    """A gateway and a client of it, before a provider whose caches are empty."""
    with tempfile.TemporaryDirectory(prefix="farthing-levers-") as folder:
        listening = listen("127.0.0.1", 0)
        provider = SimulatedProvider(prices=list_prices(clock), script=model.says, clock=clock)
        async with provider:
            file = Path(folder, "farthing.toml")
            file.write_text((CONFIG + ANTHROPIC).format(folder=folder, provider=provider.url))
            engine = await build(load(file, {}), clock=clock, what="benchmark")
            running = server(Gateway(engine), drain_seconds=5, limits=WireLimits())
            serving = asyncio.create_task(running.serve(sockets=[listening]))
            while not running.started:
                await asyncio.sleep(0.01)
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            try:
                async with httpx2.AsyncClient(base_url=address, trust_env=False, headers=HEADERS) as client:
                    yield engine, provider, client
            finally:
                running.should_exit = True
                await serving
                await shut(engine)


async def drive(runs: Sequence[Run], past: str, change: Change | None = None) -> tuple[int, list[Recorded]]:
    """All runs: the provider's bill, and the record."""
    make, usual = PASTS[past]
    model, clock = Model(), ManualClock()
    gaps = cycle(GAPS_SECONDS)
    path = "/v1/messages" if make is claude else "/v1/chat/completions"
    async with gateway(clock, model) as (engine, provider, client):
        for run in runs:
            for messages, said in run.steps():
                model.recorded, model.last_words = said, run.last_words
                body = (change or usual)(make(messages, run))
                answer = await client.post(path, json=body, headers={"x-farthing-labels": f"run={run.name}"})
                assert answer.status_code == 200, answer.text
                clock.advance(seconds=next(gaps))
        await engine.ledger.flush()
        return provider.bill.nanos, list(recorded(engine))


def told(calls: Sequence[Recorded], policy: str) -> Tally:
    with tempfile.TemporaryDirectory(prefix="farthing-levers-") as folder:
        base, file = Path(folder, "farthing.toml"), Path(folder, "policy.toml")
        base.write_text((CONFIG + ANTHROPIC).format(folder=folder, provider="http://127.0.0.1:1"))
        file.write_text(policy)
        then, now = load(base, {}), load_over(base, file, {})
    tally = Tally(("model",))
    Replay(World(now, then), tally.add).run(calls)
    return tally


async def measure(asked: argparse.Namespace) -> None:
    runs = runs_in(asked.data, asked.runs)
    pasts: dict[str, tuple[int, list[Recorded]]] = {}
    for name in PASTS:
        nanos, calls = pasts[name] = await drive(runs, name)
        same = (await asyncio.to_thread(told, calls, "")).whole.now.cost_nanos
        assert same == nanos, "the recorded policy costs what was recorded"
        print(f"{name:14} {len(calls):,} calls of {len(runs)} runs, {usd(nanos)} USD, replayed as it was: equal")
    print(
        f"\n{'recorded':14} {'policy':16} {'then':>12} {'changed':>12} {'replay':>12} {'off by':>8} {'cache astray':>13}"
    )
    for case in cases():
        then, calls = pasts[case.past]
        real, _ = await drive(runs, case.past, case.change)
        tally = await asyncio.to_thread(told, calls, case.policy)
        now, seen = tally.whole.now.cost_nanos, tally.agreement
        share = seen.astray_tokens / max(1, seen.cached_tokens)
        print(
            f"{case.past:14} {case.name:16} {usd(then):>12} {usd(real):>12} {usd(now):>12} {(now - real) / real:+8.2%} {share:13.2%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--runs", type=int, default=1_000_000, metavar="N", help="only the first N")
    uvloop.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
