"""How do agent runs end when their budget does not suffice: with an error, or with an answer? Recorded runs, replayed.

    python benchmarks/near_the_limit.py --data DIR [--runs N] [--cap 1024] [--model gpt-4o] [--land-output 1024]

DIR/agent_runs/tau_airline*.jsonl.gz: gzipped, one run a line, with `messages` in the format of Chat Completions. They can
be had from `historical_trajectories/` of github.com/sierra-research/tau-bench (MIT licence; there the messages stand
under `traj`).

Every request of a run goes through a real gateway to the simulated provider, which answers with what was recorded: the
same text and tool calls, so prompts and answers are as long as they were. First without a limit, for what each run costs;
then each run has a budget of its own, the same under three policies:

block   a plain limiter: the whole cap must fit, else the call is refused (`floor` = the cap)
clamp   the default: the cap is lowered to what the budget pays for, down to `floor` = 256
land    the same, and the last call that the budget pays for brings an answer (`soft = [{ at = 0.95, do = ["land"] }]`)

A run ends at its first call that is not answered whole. A last call says what the run said last (or 100 tokens, where the
record has no such text): the replay tells that there is an answer, not how good it is. `at once` are those whose very
first call was their last. `utilisation` is what the runs that did not complete had spent of their budgets; `steps` is the
work that was done, of all recorded answers. The definitions of the tools are not in the data; their names are sent.
"""

import argparse
import asyncio
import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import uvloop
from conversations import Message

from farthing.config.build import build, shut
from farthing.config.engine import wall_ms
from farthing.config.load import load
from farthing.domain.money import usd
from farthing.gateway.app import Gateway
from farthing.gateway.limits import WireLimits
from farthing.gateway.serve import listen, server
from farthing.testing import Prompt, Reply, SimulatedProvider, ToolCall, list_prices

POLICIES = ("block", "clamp", "land")
SHARES = (50, 75, 90)
"""Budgets in percent of what the run costs without one."""
FLOOR = 256
WORDLESS_TOKENS = 100

CONFIG = """
[store]
url = "sqlite:///{folder}/farthing.db"
[providers.openai]
format = "openai"
base_url = "{provider}/v1"
api_key = "sk-benchmark"
"""
BUDGET = """
[[budgets]]
name = "{run}"
match = {{ run = "{run}" }}
window = "run"
limit = "{limit} USD"
floor = {floor}
land_output = {land_output}
soft = [{soft}]
"""
COLUMNS = ("an answer", "complete", "landed", "at once", "cut short", "error", "utilisation", "steps", "overspent")
HEAD = "{:22} {:6} {:>9} {:>9} {:>7} {:>8} {:>9} {:>6} {:>11} {:>6} {:>9}"
LAND = '{ at = 0.95, do = ["land"] }'


@dataclass(frozen=True)
class Run:
    """One recorded run."""

    name: str
    messages: list[Message]
    tools: list[dict[str, Any]]

    def steps(self) -> Iterator[tuple[list[Message], Message]]:
        """Each request's messages, with the answer that it had."""
        for at, message in enumerate(self.messages):
            if message["role"] == "assistant":
                yield self.messages[:at], message

    @property
    def last_words(self) -> str:
        """What was said to the user last; "" where nothing was."""
        said = [message["content"] for _, message in self.steps() if message["content"]]
        return said[-1] if said else ""


@dataclass(frozen=True)
class Ending:
    """How one run ended, and what it cost by the provider's bill."""

    how: str
    """`complete`, `landed`, `cut` (a text cut short), or `error` (a refusal, or a tool call cut short)."""
    steps: int
    """Answers as they were recorded, before it ended."""
    nanos: int
    limit: int

    @property
    def overspent(self) -> int:
        return max(0, self.nanos - self.limit)


class Model:
    """Behind the provider: says what was recorded next; where it may not use its tools, what the run said last."""

    def __init__(self) -> None:
        self.recorded: Message = {}
        self.last_words = ""

    def says(self, prompt: Prompt) -> Reply:
        if prompt.tool_choice == "none":
            return Reply(text=self.last_words) if self.last_words else Reply(tokens=WORDLESS_TOKENS)
        calls = [made["function"] for made in self.recorded.get("tool_calls") or ()]
        tools = tuple(ToolCall(call["name"], json.loads(call["arguments"])) for call in calls)
        return Reply(text=self.recorded["content"] or None, tools=tools)


class Bench:
    """The provider, its model, and a client's connection to the gateway."""

    def __init__(self, provider: SimulatedProvider, says: Model, port: int, model: str, cap: int) -> None:
        self.provider, self.says, self.port, self.model, self.cap = provider, says, port, model, cap
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ending_of(self, run: Run, limit: int) -> Ending:
        """Replay one run until it ends."""
        before = len(self.provider.bill)
        how, done = "complete", 0
        for messages, recorded in run.steps():
            self.says.recorded, self.says.last_words = recorded, run.last_words
            how = await self._step(run, messages)
            if how != "complete":
                break
            done += 1
        nanos = sum(entry.nanos or 0 for entry in self.provider.bill.entries[before:])
        return Ending(how, done, nanos, limit)

    async def _step(self, run: Run, messages: list[Message]) -> str:
        body = {"model": self.model, "messages": messages, "tools": run.tools, "max_tokens": self.cap}
        status, headers, answer = await self._post(body, f"run={run.name}")
        if status != 200:
            assert status == 402, answer
            return "error"
        choice = answer["choices"][0]
        if choice["finish_reason"] == "length":
            return "error" if choice["message"].get("tool_calls") or not choice["message"]["content"] else "cut"
        return "landed" if "landing" in headers.get("x-farthing-acts", "") else "complete"

    async def _post(self, body: dict[str, Any], labels: str) -> tuple[int, dict[str, str], Any]:
        if self._open is None:
            self._open = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._open
        content = msgspec.json.encode(body)
        lines = [
            "POST /v1/chat/completions HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            f"content-length: {len(content)}",
        ]
        lines += ["content-type: application/json", f"x-farthing-labels: {labels}", "", ""]
        writer.write("\r\n".join(lines).encode() + content)
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        answer = msgspec.json.decode(await reader.readexactly(int(headers["content-length"])))
        return int(first.split()[1]), headers, answer

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()


@asynccontextmanager
async def bench(asked: argparse.Namespace, budgets: str):
    """A gateway with these budgets, on a store that goes with it, before a provider whose caches are empty."""
    with tempfile.TemporaryDirectory(prefix="farthing-limit-") as folder:
        listening = listen("127.0.0.1", 0)
        model = Model()
        provider = SimulatedProvider(prices=list_prices(wall_ms), script=model.says)
        async with provider:
            file = Path(folder, "farthing.toml")
            file.write_text(CONFIG.format(folder=folder, provider=provider.url) + budgets)
            engine = await build(load(file, {}), what="benchmark")
            running = server(Gateway(engine), drain_seconds=5, limits=WireLimits())
            serving = asyncio.create_task(running.serve(sockets=[listening]))
            while not running.started:
                await asyncio.sleep(0.01)
            made = Bench(provider, model, listening.getsockname()[1], asked.model, asked.cap)
            try:
                yield made
                await engine.ledger.flush()
                posted = sum(standing.posted for standing in engine.records.accounts())
                assert not budgets or posted == provider.bill.nanos, "the ledger and the bill are equal"
            finally:
                made.close()
                running.should_exit = True
                await serving
                await shut(engine)


async def endings(asked: argparse.Namespace, runs: Sequence[Run], limits: Sequence[int], policy: str) -> list[Ending]:
    """All runs, each with its own limit in nano-dollars."""
    budgets = "".join(
        BUDGET.format(
            run=run.name,
            limit=usd(limit),
            floor=asked.cap if policy == "block" else FLOOR,
            land_output=asked.land_output,
            soft=LAND if policy == "land" else "",
        )
        for run, limit in zip(runs, limits, strict=True)
        if limit
    )
    async with bench(asked, budgets) as at:
        return [await at.ending_of(run, limit) for run, limit in zip(runs, limits, strict=True)]


def runs_in(folder: Path, most: int) -> list[Run]:
    """Every recorded run, with the tools that any of them used."""
    files = sorted((folder / "agent_runs").glob("tau_airline*.jsonl.gz"))
    if not files:
        sys.exit(f"There is no agent_runs/tau_airline*.jsonl.gz in {folder}.\n\n{__doc__}")
    lines = chain.from_iterable(gzip.decompress(file.read_bytes()).splitlines() for file in files)
    found = [json.loads(line)["messages"] for line in lines][:most]
    made = chain.from_iterable(message.get("tool_calls") or () for messages in found for message in messages)
    names = sorted({call["function"]["name"] for call in made})
    tools = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in names]
    return [Run(f"r{at}", messages, tools) for at, messages in enumerate(found)]


def show(name: str, policy: str, found: Sequence[Ending], recorded: int) -> None:
    """One row of the table."""
    stopped = [ending for ending in found if ending.how != "complete"]
    counted = Counter(ending.how for ending in found)
    at_once = sum(ending.how == "landed" and not ending.steps for ending in found)
    used = sum(ending.nanos for ending in stopped) / max(1, sum(ending.limit for ending in stopped))
    print(
        f"{name:22} {policy:6} {counted['complete'] + counted['landed']:9} {counted['complete']:9} {counted['landed']:7} "
        f"{at_once:8} {counted['cut']:9} {counted['error']:6} {used:11.1%} {sum(e.steps for e in found) / recorded:6.1%} "
        f"{usd(sum(ending.overspent for ending in found)):>9}"
    )


async def measure(asked: argparse.Namespace) -> None:
    runs = runs_in(asked.data, asked.runs)
    costs = [ending.nanos for ending in await endings(asked, runs, [0] * len(runs), "block")]
    recorded = sum(1 for run in runs for _ in run.steps())
    print(
        f"{len(runs)} runs, {recorded} calls of {asked.model}, cap {asked.cap}: {usd(sum(costs))} USD without limits\n"
    )
    budgets = [("the median run's cost", [int(median(costs))] * len(runs))]
    budgets += [(f"{share} % of its own cost", [cost * share // 100 for cost in costs]) for share in SHARES]
    print(HEAD.format("budget of a run", "policy", *COLUMNS))
    for name, limits in budgets:
        for policy in POLICIES:
            show(name, policy, await endings(asked, runs, limits, policy), recorded)
        print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--runs", type=int, default=1_000_000, metavar="N", help="only the first N")
    parser.add_argument("--cap", type=int, default=1_024, help="output tokens that the agent asks for")
    parser.add_argument("--model", default="gpt-4o")
    parser.add_argument("--land-output", type=int, default=1_024, help="output tokens kept back for the last answer")
    uvloop.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
