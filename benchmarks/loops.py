"""Does the loop guard stop loops, and nothing else? Whole agent runs, made-up loops and made-up honest agents.

    python benchmarks/loops.py --data DIR [--same-call 3] [--each 50] [--seed 1] [--verbose]

DIR/agent_runs/tau_airline*.jsonl.gz: gzipped, one run a line, with `reward` and `messages` in the format of Chat Completions.
They can be had from `historical_trajectories/` of github.com/sierra-research/tau-bench (MIT licence; there the messages stand
under `traj`). Every request is read as the gateway reads it and looked at by itself. What the made-up agents do is
in `loop_scenes.py`; they begin as real runs did, and loop with real calls and results.
"""

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec
from conversations import Message
from loop_scenes import ROUNDS, Loop, Material, honest, loops

from farthing.guard.loops import Finding, LoopRules, find
from farthing.wire.history import ToolUse
from farthing.wire.openai.chat import ChatDialect

CHAT = ChatDialect()


def uses_in(messages: list[Message]) -> tuple[ToolUse, ...]:
    return CHAT.read(body_with(messages)).history()


def body_with(messages: list[Message]) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": messages}).encode()


def looked_at(messages: list[Message], rules: LoopRules) -> Finding | None:
    """What the guard says of a request with these messages."""
    draft = CHAT.read(body_with(messages))
    return find(draft.history(), rules, turns=draft.turns(), words=draft.words())


def first_finding(messages: list[Message], rules: LoopRules, begin: int = 1) -> Finding | None:
    """The first finding in a whole run: a request comes before every message of the assistant."""
    requests = (at for at in range(begin, len(messages)) if messages[at]["role"] == "assistant")
    return next(filter(None, (looked_at(messages[:at], rules) for at in requests)), None)


def caught_in(loop: Loop, rules: LoopRules) -> int | None:
    """The round in which a loop is caught, in time if it is no later than `same_call`; None where it is missed."""
    messages = list(loop.before)
    for n in range(1, ROUNDS + 1):
        begin = len(messages)
        messages += loop.round(n)
        if first_finding(messages, rules, begin + 1) or looked_at(messages, rules):
            return n
    return None


def runs_in(folder: Path) -> list[tuple[float, list[Message]]]:
    """Reward and messages of every run."""
    files = sorted((folder / "agent_runs").glob("tau_airline*.jsonl.gz"))
    if not files:
        sys.exit(f"There is no agent_runs/tau_airline*.jsonl.gz in {folder}.\n\n{__doc__}")
    found = map(json.loads, chain.from_iterable(gzip.decompress(file.read_bytes()).splitlines() for file in files))
    return [(float(run["reward"]), run["messages"]) for run in found]


def show_runs(runs: list[tuple[float, list[Message]]], rules: LoopRules, *, verbose: bool) -> None:
    print("whole runs                                      runs  requests  stopped")
    for name, fits in (("reward 1", lambda reward: reward == 1), ("reward 0", lambda reward: reward != 1)):
        these = [messages for reward, messages in runs if fits(reward)]
        requests = sum(message["role"] == "assistant" for messages in these for message in messages)
        found = [finding for messages in these if (finding := first_finding(messages, rules))]
        print(f"{name:45}  {len(these):5}  {requests:8}  {len(found):7}")
        if verbose and found:
            print(*(f"    {finding}" for finding in found), sep="\n")


def show_loops(material: Material, rules: LoopRules, each: int, rng: random.Random) -> None:
    rounds: dict[str, list[int | None]] = {}
    for _ in range(each):
        for loop in loops(material, rng):
            rounds.setdefault(loop.name, []).append(caught_in(loop, rules))
    print(f"\n{'made-up loops':45}  loops  in time  later  missed  in rounds")
    late = missed = 0
    for name, caught in rounds.items():
        counted = Counter(caught)
        lost = counted.pop(None, 0)
        in_time = sum(times for n, times in counted.items() if n is not None and n <= rules.same_call)
        late, missed = late + len(caught) - lost - in_time, missed + lost
        spread = ", ".join(f"{n}: {times}" for n, times in sorted(counted.items(), key=str))
        print(f"{name:45}  {len(caught):5}  {in_time:7}  {len(caught) - lost - in_time:5}  {lost:6}  {spread}")
    total = sum(map(len, rounds.values()))
    print(f"{'all':45}  {total:5}  {total - late - missed:7}  {late:5}  {missed:6}")


def show_honest(material: Material, rules: LoopRules, each: int, rng: random.Random, *, verbose: bool) -> None:
    counted, found = Counter[str](), dict[str, list[Finding]]()
    for _ in range(each):
        for agent in honest(material, rng):
            counted[agent.name] += 1
            stop = first_finding(agent.messages, LoopRules(rules.same_call, agent.poll), agent.begin)
            found.setdefault(agent.name, []).extend([stop] if stop else [])
    print(f"\n{'made-up honest agents':45}  agents  stopped")
    for name, times in counted.items():
        print(f"{name:45}  {times:6}  {len(found[name]):7}")
        if verbose and found[name]:
            print(*(f"    {finding}" for finding in found[name]), sep="\n")
    print(f"{'all':45}  {counted.total():6}  {sum(map(len, found.values())):7}")


def show_cost(material: Material, rules: LoopRules, rng: random.Random) -> None:
    """Of one look, the median of many, where the user said nothing new for 100 uses."""
    late = material.long_beginning(rng)
    plain = alone(uses_in(late))
    circling = next(loop for loop in loops(material, rng) if loop.name == "cycle of 4, late in a long run")
    lost = alone(uses_in([*late, *(part for n in range(1, 4) for part in circling.round(n))]))
    print("\none look at 100 uses, µs: ", end="")
    print(f"{_micros(lambda: find(plain, rules)):.1f} at a run, {_micros(lambda: find(lost, rules)):.1f} at a loop")


def alone(uses: tuple[ToolUse, ...]) -> tuple[ToolUse, ...]:
    """The last 100, as if the user had been silent."""
    return tuple(msgspec.structs.replace(use, words=1) for use in uses[-100:])


def _micros(act: Callable[[], object]) -> float:
    took = []
    for _ in range(2_000):
        began = perf_counter()
        act()
        took.append(perf_counter() - began)
    return median(took) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--same-call", type=int, default=LoopRules().same_call)
    parser.add_argument("--each", type=int, default=50, help="made-up agents of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="say what was found")
    asked = parser.parse_args()
    rules, runs, rng = LoopRules(same_call=asked.same_call), runs_in(asked.data), random.Random(asked.seed)
    material = Material([messages for reward, messages in runs if reward == 1])
    show_runs(runs, rules, verbose=asked.verbose)
    show_loops(material, rules, asked.each, rng)
    show_honest(material, rules, asked.each, rng, verbose=asked.verbose)
    show_cost(material, rules, rng)


if __name__ == "__main__":
    main()
