"""Does `replay` say what the gateway does? Recorded runs through both, and how fast a long history is replayed.

    python benchmarks/replay.py --data DIR [--runs N] [--model gpt-4o] [--calls 100000] [--only bills|speed]

DIR/agent_runs/tau_airline*.jsonl.gz: as in near_the_limit.py, which says where they can be had.
DIR/traces/mooncake_conversation*.jsonl.gz, DIR/traces/azure_code*.jsonl.gz: from `FAST25-release/traces/` of
github.com/kvcache-ai/Mooncake (Apache-2.0) and `data/AzureLLMInferenceTrace_code.csv` of github.com/Azure/AzurePublicDataset
(CC BY 4.0), as JSON lines.

bills: every call of every run goes through a real gateway to the simulated provider, without a policy: that is the record.
Its replay under the same configuration must cost the same to the nano-dollar, and as much as the provider's own bill.
Then, policy by policy, the replay of that record stands beside what the gateway does when the runs are driven through it
anew under the policy. A run ends at a refusal and at its last answer, in both.

speed: the traces, one copy after another until there are --calls calls, under budgets, rates and thresholds.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
import uvloop
from near_the_limit import CONFIG, Bench, Model, Run, runs_in

from farthing.config.build import build, shut
from farthing.config.engine import Engine, wall_ms
from farthing.config.load import load, load_over
from farthing.domain.money import usd
from farthing.gateway.app import Gateway
from farthing.gateway.limits import WireLimits
from farthing.gateway.serve import listen, server
from farthing.pricing.book import PriceBook
from farthing.replay.recorded import Recorded
from farthing.replay.replaying import Replay
from farthing.replay.sources import calls_in
from farthing.replay.store import calls_of, ids_between
from farthing.replay.tally import Tally
from farthing.replay.world import World
from farthing.testing import SimulatedProvider, list_prices

EVER_MS = 1 << 62
RUN_BUDGET = '[[budgets]]\nname = "run"\nwindow = "run"\nlimit = "{limit} USD"\n{more}\n'
LAND = 'soft = [{ at = 0.95, do = ["land"] }]'
DOWNGRADE = '[tiers]\nsmall = ["gpt-4o-mini"]\n[[budgets]]\nname = "all"\nlimit = "1000 USD"\nsoft = [{ at = 0.000001, do = ["downgrade"] }]\n'
CHEAP = '[[prices]]\nmodel = "{model}"\ninput = 1.25\noutput = 5\ncache_read = 0.5\n'
CAPPED = '[[budgets]]\nname = "all"\nlimit = "1000 USD"\nper_output = {cap}\n'
SPEED = """
[[budgets]]
name = "all, daily"
limit = "1000 USD"
window = "day"
soft = [{ at = 0.5, do = ["shorten"] }]
[[budgets]]
name = "calls"
calls = 10000000
[[limits]]
requests = 100000
per = "minute"
"""


class Driven(NamedTuple):
    """What came of driving all runs through a gateway."""

    nanos: int
    bill_nanos: int
    calls: int
    refused: int
    landed: int


class Agent(Bench):
    """Sends each recorded request, and stops at a refusal and after a last answer."""

    async def drive(self, run: Run) -> None:
        for messages, recorded in run.steps():
            self.says.recorded, self.says.last_words = recorded, run.last_words
            body = {"model": self.model, "messages": messages, "tools": run.tools, "max_tokens": self.cap}
            status, headers, answer = await self._post(body, f"run={run.name},workflow=airline")
            assert status in (200, 402), answer
            if status == 402 or "landing" in headers.get("x-farthing-acts", ""):
                return


@asynccontextmanager
async def world(asked: argparse.Namespace, policy: str):
    """A gateway under this policy before a provider with empty caches, and an agent."""
    with tempfile.TemporaryDirectory(prefix="farthing-replay-") as folder:
        listening, model = listen("127.0.0.1", 0), Model()
        provider = SimulatedProvider(prices=list_prices(wall_ms), script=model.says)
        async with provider:
            file = Path(folder, "farthing.toml")
            file.write_text(CONFIG.format(folder=folder, provider=provider.url) + policy)
            engine = await build(load(file, {}), what="benchmark")
            running = server(Gateway(engine), drain_seconds=5, limits=WireLimits())
            serving = asyncio.create_task(running.serve(sockets=[listening]))
            while not running.started:
                await asyncio.sleep(0.01)
            agent = Agent(provider, model, listening.getsockname()[1], asked.model, asked.cap)
            try:
                yield engine, agent, file
            finally:
                agent.close()
                running.should_exit = True
                await serving
                await shut(engine)


async def drive(asked: argparse.Namespace, runs: Sequence[Run], policy: str) -> tuple[Driven, list[Recorded]]:
    """All runs, one after another; what they came to, and the record of it."""
    async with world(asked, policy) as (engine, agent, _):
        for run in runs:
            await agent.drive(run)
        await engine.ledger.flush()
        calls = list(recorded(engine))
        nanos = sum(call.cost_nanos or 0 for call in calls)
        refused = sum(call.outcome == "refused" for call in calls)
        landed = sum("landing" in call.flags for call in calls)
        return Driven(nanos, agent.provider.bill.nanos, len(calls), refused, landed), calls


def recorded(engine: Engine) -> Iterator[Recorded]:
    return calls_of(engine.records, ids_between(engine.records, since_ms=0, until_ms=EVER_MS))


def replayed(calls: Sequence[Recorded], policy: str) -> tuple[Tally, float]:
    """The record under a policy, and the seconds it took."""
    with tempfile.TemporaryDirectory(prefix="farthing-replay-") as folder:
        base, file = Path(folder, "farthing.toml"), Path(folder, "policy.toml")
        base.write_text(CONFIG.format(folder=folder, provider="http://127.0.0.1:1"))
        file.write_text(policy)
        then, now = load(base, {}), load_over(base, file, {})
    tally = Tally(("model",))
    begun = time.perf_counter()
    Replay(World(now, then), tally.add).run(calls)
    return tally, time.perf_counter() - begun


async def bills(asked: argparse.Namespace) -> None:
    runs = runs_in(asked.data, asked.runs)
    driven, calls = await drive(asked, runs, "")
    tally, seconds = await asyncio.to_thread(replayed, calls, "")
    print(f"{len(runs)} runs, {driven.calls:,} calls of {asked.model}, cap {asked.cap}")
    print(f"the gateway's ledger {usd(driven.nanos)} USD, the provider's bill {usd(driven.bill_nanos)} USD")
    print(
        f"replayed as it was   {usd(tally.whole.now.cost_nanos)} USD in {seconds:.2f} s; the engine came to "
        f"something else in {tally.otherwise.total()} calls"
    )
    assert driven.nanos == driven.bill_nanos == tally.whole.now.cost_nanos, "the three are not equal"
    print()
    print(f"{'policy':34} {'gateway':>13} {'replay':>13} {'off by':>8} {'refused':>15} {'landed':>13} {'calls':>15}")
    for name, policy in policies(asked, calls):
        real, _ = await drive(asked, runs, policy)
        tally, _ = await asyncio.to_thread(replayed, calls, policy)
        told = tally.whole.now
        off = (told.cost_nanos - real.nanos) / real.nanos if real.nanos else 0.0
        print(
            f"{name:34} {usd(real.nanos):>13} {usd(told.cost_nanos):>13} {off:+8.2%} "
            f"{real.refused:>6} | {told.refused:<6} {real.landed:>5} | {tally.acts['landing']:<5} {real.calls:>6} | {told.calls:<6}"
        )


def policies(asked: argparse.Namespace, calls: Sequence[Recorded]) -> Iterator[tuple[str, str]]:
    """What is compared, sized by what the runs cost."""
    costs: dict[str, int] = {}
    for call in calls:
        costs[call.run] = costs.get(call.run, 0) + (call.cost_nanos or 0)
    usual = int(median(costs.values()))
    for share in (100, 75, 50):
        limit = usd(usual * share // 100)
        yield f"{share} % of the median run, block", RUN_BUDGET.format(limit=limit, more=f"floor = {asked.cap}")
        yield f"{share} % of the median run, clamp", RUN_BUDGET.format(limit=limit, more="")
        yield f"{share} % of the median run, land", RUN_BUDGET.format(limit=limit, more=LAND)
    outputs = sorted(call.usage.output_tokens for call in calls if call.usage)
    yield "half of all money, one budget", f'[[budgets]]\nname = "all"\nlimit = "{usd(sum(costs.values()) // 2)} USD"\n'
    yield "smaller tier from the start", DOWNGRADE
    yield "another price", CHEAP.format(model=asked.model)
    yield "half of the median answer as a cap", CAPPED.format(cap=outputs[len(outputs) // 2] // 2)


def speed(asked: argparse.Namespace) -> None:
    for name, model in (("mooncake_conversation", "gpt-4.1-mini"), ("azure_code", "gpt-4.1-mini")):
        files = sorted((asked.data / "traces").glob(f"{name}*.jsonl.gz"))
        begun = time.perf_counter()
        one = list(calls_in(files, format="auto", model=model, prices=PriceBook.load()))
        read = time.perf_counter() - begun
        many = list(copies(one, asked.calls))
        for words, policy in (("as it was", ""), ("budgets, rates, thresholds", SPEED)):
            tally, seconds = replayed(many, policy)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
            print(
                f"{name}, {words}: {len(many):,} calls in {seconds:.1f} s ({seconds / len(many) * 1e6:.0f} µs a call), "
                f"{usd(tally.whole.then.cost_nanos)} → {usd(tally.whole.now.cost_nanos)} USD, "
                f"{tally.whole.now.refused:,} refused; reading {read / len(one) * 1e6:.0f} µs a call; peak {peak} MB"
            )


def copies(calls: Sequence[Recorded], most: int) -> Iterator[Recorded]:
    """The calls again and again, each time after the last one, until there are so many."""
    span = calls[-1].arrived_ms - calls[0].arrived_ms + 1_000
    for at in range(most):
        again, place = divmod(at, len(calls))
        call = calls[place]
        later = again * span
        yield msgspec.structs.replace(call, id=call.id + (later << 22), arrived_ms=call.arrived_ms + later)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--runs", type=int, default=1_000_000, metavar="N", help="only the first N")
    parser.add_argument("--cap", type=int, default=1_024, help="output tokens that the agent asks for")
    parser.add_argument("--model", default="gpt-4o")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--only", choices=("bills", "speed"))
    asked = parser.parse_args()
    if asked.only != "speed":
        uvloop.run(bills(asked))
        print()
    if asked.only != "bills":
        speed(asked)


if __name__ == "__main__":
    main()
