"""A month in a small company, lived through a real gateway in a few seconds: what the dashboard's tests and pictures show.

The clock travels: every call really goes through the gateway to a simulated provider, on the day it is said to happen.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx2

from farthing.config.engine import wall_ms
from farthing.dashboard.door import Dashboard
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.testing import Settings, SimulatedProvider, list_prices
from support.gateway import RunningGateway, running_gateway, write_config

DAY_MS = 86_400_000
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>" + "\u05e9\u05dc\u05d5\u05dd" + "W" * 62
"""A label's value as an enemy would choose it: markup, right-to-left letters, no place to break."""
OVERRIDE = "evil\u202egnp.exe"
"""A model's name that turns the direction of what follows; labels must be printable, models need not."""
TEAMS = """
[[budgets]]
name = "everything, monthly"
limit = "40 USD"
window = "month"
soft = [{ at = 0.8, do = ["alert"] }]

[[budgets]]
name = "support, monthly"
match = { team = "support" }
limit = "12 USD"
window = "month"

[[budgets]]
name = "research, daily"
match = { team = "research" }
limit = "1.50 USD"
window = "day"

[[budgets]]
name = "each user, daily"
each = "user"
limit = "2 USD"
tokens = 3_000_000
window = "day"

[[budgets]]
name = "each run"
match = { team = "research" }
limit = "1.20 USD"
window = "run"

[[budgets]]
name = "trial"
match = { team = "trial" }
limit = "0.004 USD"
hard = "approve"

[[prices]]
model = "house-model"
input = 0.2
output = 0.8

[[alerts]]
when = "budget > 50%"

[[alerts]]
when = "cache_hit_rate < 20%"
"""
WORKFLOWS = (
    # team, workflow, agent, model, turns, words of the first prompt, tokens of an answer
    ("support", "refunds", "desk", "claude-haiku-4-5", 5, 2_600, 220),
    ("support", "triage", "sorter", "gpt-4o-mini", 2, 700, 60),
    ("research", "reports", "analyst", "claude-opus-4-6", 6, 2_400, 500),
    ("engineering", "reviews", "reviewer", "gpt-4o", 3, 3_000, 400),
)
USERS = ("ada", "grace", "linus", "margaret", "tim")


class Travelling:
    """A clock that is set by hand and goes on from there, for a while faster than the world's: what takes a simulated
    provider two milliseconds takes a real one seconds."""

    def __init__(self) -> None:
        self._begins_ms = self._set_ms = wall_ms()
        self._times = 1

    def __call__(self) -> int:
        return self._begins_ms + (wall_ms() - self._set_ms) * self._times

    def jump(self, to_ms: int, times: int = 1) -> None:
        """From now on it is that moment, and time goes so many times as fast."""
        self._set_ms, self._begins_ms, self._times = wall_ms(), to_ms, times


class World:
    """A gateway with its dashboard, and a way to live in it."""

    def __init__(self, gateway: RunningGateway, clock: Travelling) -> None:
        self.gateway = gateway
        self.clock = clock
        self.client = httpx2.Client(trust_env=False, timeout=30, base_url=gateway.url)
        self.chance = random.Random(7)

    @property
    def url(self) -> str:
        return self.gateway.url

    def turn(self, model: str, messages: list[dict], labels: dict[str, str], tokens: int) -> httpx2.Response:
        """One call in the dialect of its model."""
        said = ",".join(f"{name}={value}" for name, value in labels.items())
        heads = {"x-farthing-labels": said, "content-type": "application/json", "anthropic-version": "2023-06-01"}
        if not model.startswith("claude"):
            body = {"model": model, "max_tokens": tokens + 400, "messages": messages}
            return self.client.post("/v1/chat/completions", json=body, headers=heads)
        parts = [{"role": m["role"], "content": [{"type": "text", "text": m["content"]}]} for m in messages]
        parts[-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}
        body = {"model": model, "max_tokens": tokens + 400, "messages": parts}
        return self.client.post("/v1/messages", json=body, headers=heads)

    def run(self, workflow: tuple, name: str, user: str) -> None:
        """An agent's run: every turn carries the whole conversation so far."""
        team, kind, agent, model, turns, words, tokens = workflow
        labels = {"team": team, "workflow": kind, "agent": agent, "user": user, "run": name}
        opening = f"run {name} " + " ".join(f"word{n % 97}" for n in range(words))
        messages = [{"role": "user", "content": f"{opening} [[sim tokens={tokens}]]"}]
        for number in range(1 + self.chance.randrange(turns)):
            answer = self.turn(model, messages, {**labels, "step": f"turn{number}"}, tokens)
            if answer.status_code != 200:
                return
            said = " ".join(f"answer{n % 89}" for n in range(tokens))
            more = " ".join(f"fact{n % 83}" for n in range(120 + self.chance.randrange(300)))
            messages += [
                {"role": "assistant", "content": said},
                {"role": "user", "content": f"{more} [[sim tokens={tokens}]]"},
            ]

    def judge(self, name: str, workflow: tuple, *, success: bool) -> None:
        """Say how a run went, and book what it cost beside models."""
        outcomes = self.gateway.engine.outcomes
        score = round(self.chance.uniform(0.6, 1.0) if success else self.chance.uniform(0.1, 0.6), 2)
        outcomes.judge(Outcome(run=name, at_ms=self.clock(), success=success, score=score, by="checker"))
        if workflow[1] == "reports":
            outcomes.book(OtherCost(run=name, at_ms=self.clock(), kind="search", nanos=35_000_000, by="agent"))

    def live(self, days: int, runs_a_day: int = 4) -> None:
        """So many days until now."""
        for day in range(days, -1, -1):
            weekend = (wall_ms() // DAY_MS - day + 4) % 7 in (0, 6)
            for number in range(runs_a_day // 2 if weekend else runs_a_day):
                self.clock.jump(wall_ms() - day * DAY_MS - (runs_a_day - number) * 300_000, times=600)
                workflow = WORKFLOWS[(number + day) % len(WORKFLOWS)]
                name = f"{workflow[1]}-{day:02d}{number}"
                self.run(workflow, name, self.chance.choice(USERS))
                if self.chance.random() < 0.8:
                    self.judge(name, workflow, success=self.chance.random() < 0.75)
        self.clock.jump(wall_ms())

    def refuse(self) -> None:
        """A team that spends all it has and asks for more, and a model that nobody knows the price of."""
        body = [{"role": "user", "content": "Try this. [[sim tokens=200]]"}]
        for _ in range(4):
            self.turn("gpt-4o", body, {"team": "trial", "user": "eve", "run": "trial-1"}, 1_000)
        self.turn("mystery-7b", body, {"team": "support", "user": "ada", "run": "odd-1"}, 100)

    def strange(self, value: str) -> None:
        """A call with a value of others' choosing in every label."""
        body = [{"role": "user", "content": "Hello. [[sim tokens=20]]"}]
        names = ("team", "user", "workflow", "agent", "run", "step")
        said = ",".join(f"farthing.{name}={quote(value, safe='')}" for name in names)
        answer = self.client.post(
            "/v1/chat/completions",
            json={"model": "gpt-4o-mini", "max_tokens": 60, "messages": body},
            headers={"baggage": said},
        )
        assert answer.status_code == 200, answer.text
        self.turn(OVERRIDE, body, {"team": "trial", "run": "override"}, 20)


@contextmanager
def dashboard_world(folder: Path, more: str = TEAMS) -> Iterator[World]:
    """A gateway with its dashboard and a provider behind it; nothing has happened yet."""
    clock = Travelling()
    provider = SimulatedProvider(Settings(answer_tokens=120), prices=list_prices(clock), clock=clock)
    with (
        provider.in_thread() as simulated,
        running_gateway(write_config(folder, simulated.url, more), clock=clock, pages=Dashboard) as gateway,
    ):
        world = World(gateway, clock)
        try:
            yield world
        finally:
            world.client.close()
