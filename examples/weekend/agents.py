"""The 23 agents: plain tool loops over Chat Completions that know nothing of budgets, and the supervisors of some."""

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import msgspec

from farthing.testing.generation import filler

MODEL = "gpt-4o"
KEPT_TURNS = 14
"""Exchanges that an agent's framework keeps in the context; older ones are dropped."""
PAGE_TOKENS = 1_100
EXPORT_HOURS = 10
RESTART_MINUTES = 15
MOST_ANSWER = 400

THINGS = ("An order", "A price", "A contract", "A customer's letter", "An invoice")
DEEDS = ("deleted", "sent on", "shown to strangers", "changed after the fact", "promised to two at once", "lost")

Json = dict[str, Any]


class Reply(msgspec.Struct, frozen=True):
    """What an agent's client got."""

    status: int
    headers: dict[str, str]
    body: Json


Post = Callable[[Json, str, str], Awaitable[Reply]]
"""Send a body, with this key and these labels."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of agent."""

    name: str
    task: str
    tools: tuple[str, ...]
    every_minutes: int
    supervised: bool = False
    """A supervisor starts it again, as a new run, whenever it has not done its work."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How one run of an agent ended, and what was said last."""

    at_ms: int
    how: str
    """`done`, `landed`, or the code of a refusal."""
    words: str


class Agent:
    """One agent, step by step. `letters` is where agents that talk to each other leave what they say."""

    def __init__(self, role: Role, number: int, start_ms: int, letters: dict[str, str], key: str) -> None:
        self.role, self.number, self.letters, self.key = role, number, letters, key
        self.name = role.name if number == 0 else f"{role.name}-{number}"
        self.started_ms = start_ms
        self.due_ms: int | None = start_ms
        self.runs = 0
        self.calls = 0
        """Answered."""
        self.endings: list[Ending] = []
        self._turns: list[list[Json]] = []

    @property
    def run(self) -> str:
        """Two that work on one report share its run."""
        shared = self.role.name in ("analyst", "verifier")
        return "report" if shared else f"{self.name}.{self.runs + 1}" if self.role.supervised else self.name

    async def step(self, post: Post, now_ms: int) -> None:
        """One call, and the tools that it asks for."""
        body = {"model": MODEL, "messages": self._messages(), "tools": self._tools(), "max_tokens": MOST_ANSWER}
        reply = await post(body, f"sk-{self.key}", f"team=research,agent={self.name},run={self.run}")
        if reply.status != 200:
            error = reply.body["error"]
            self._end(now_ms, error["code"], error["message"])
            return
        self.calls += 1
        self.due_ms = now_ms + self.role.every_minutes * 60_000
        message = reply.body["choices"][0]["message"]
        if not message.get("tool_calls"):
            landed = "landing" in reply.headers.get("x-farthing-acts", "")
            self._end(now_ms, "landed" if landed else "done", message["content"])
            return
        self._turns.append([message, *(self._use(call, now_ms) for call in message["tool_calls"])])

    def _end(self, now_ms: int, how: str, words: str) -> None:
        self.endings.append(Ending(at_ms=now_ms, how=how, words=words))
        self.runs += 1
        self._turns.clear()
        again = self.role.supervised and how != "done"
        self.due_ms = now_ms + RESTART_MINUTES * 60_000 if again else None

    def _messages(self) -> list[Json]:
        kept = [message for turn in self._turns[-KEPT_TURNS:] for message in turn]
        task = self.role.task.format(number=self.number)
        return [
            {"role": "system", "content": f"You are {self.name}. {HOUSE_RULES}"},
            {"role": "user", "content": task},
            *kept,
        ]

    def _tools(self) -> list[Json]:
        return [{"type": "function", "function": {"name": name, "parameters": ANY}} for name in self.role.tools]

    def _use(self, call: Json, now_ms: int) -> Json:
        wanted = call["function"]
        said = self._result(wanted["name"], msgspec.json.decode(wanted["arguments"]), now_ms)
        return {"role": "tool", "tool_call_id": call["id"], "content": said}

    def _result(self, tool: str, arguments: Json, now_ms: int) -> str:
        match tool:
            case "search":
                return _page(arguments["topic"], arguments["page"])
            case "ask_verifier" | "ask_analyst":
                self.letters[tool] = arguments["text"]
                waiting = {"ask_verifier": "ask_analyst", "ask_analyst": "ask_verifier"}[tool]
                return self.letters.get(waiting, "I am not there yet; please go on.")
            case "get_status":
                over = now_ms - self.started_ms >= EXPORT_HOURS * 3_600_000
                return "status: done, 41,230 rows" if over else "status: running"
            case "find_order" | "refund":
                return f"{tool}: {arguments['order']}, 34.50 EUR"
            case _:
                return "Error: 401, the login of this mailbox has expired"


HOUSE_RULES = "\n".join(
    [
        "You work for a small company while its people sleep. Finish what you are given.",
        "Where something does not work, try again until it does. Nobody answers questions before Monday.",
    ]
    + [
        f"{number}. {what} is never {how}, unless a person has said so in writing; if in doubt, note it and go on."
        for number, (what, how) in enumerate(product(THINGS, DEEDS), 1)
    ]
)
ANY = {"type": "object", "additionalProperties": True}

ROLES = (
    (Role(name="clerk", task="Pay back order A-10{number}.", tools=("find_order", "refund"), every_minutes=2), 4),
    (Role(name="exporter", task="Wait for the export, then report.", tools=("get_status",), every_minutes=30), 1),
    (Role(name="mailer", task="Answer what came in by mail.", tools=("read_mail",), every_minutes=30), 6),
    (
        Role(
            name="mail-daemon",
            task="Sort what came in by mail.",
            tools=("read_mail",),
            every_minutes=30,
            supervised=True,
        ),
        1,
    ),
    (Role(name="analyst", task="Write the report with the verifier.", tools=("ask_verifier",), every_minutes=15), 1),
    (Role(name="verifier", task="Verify the analyst's report.", tools=("ask_analyst",), every_minutes=15), 1),
    (
        Role(name="scout", task="Read all there is about market {number}.", tools=("search",), every_minutes=15),
        6,
    ),
    (
        Role(
            name="crawler",
            task="Read all there is about rival {number}.",
            tools=("search",),
            every_minutes=15,
            supervised=True,
        ),
        3,
    ),
)


def fleet(start_ms: int) -> list[Agent]:
    """All 23, each a minute after the one before."""
    letters: dict[str, str] = {}
    named = [(role, number if many > 1 else 0) for role, many in ROLES for number in range(1, many + 1)]
    return [Agent(role, number, start_ms + at * 60_000, letters, f"{at:04}") for at, (role, number) in enumerate(named)]


def _page(topic: str, page: int) -> str:
    """One page of results, like no other."""
    seed = f"{topic}/{page}"
    text = "".join(piece.text for piece in filler(seed, PAGE_TOKENS))
    return f"page {page} of very many, {topic}; best: the one on page {1 + page * 2 // 3}. {text}"
