"""P1 with values: whatever is asked, and however greedily a provider bills within what was asked, no budget is overspent
and no hold is left over."""

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from farthing.domain.budget import Budget, Unit
from farthing.domain.errors import Ambiguous, NotSent
from farthing.wire.openai.chat import ChatDialect
from support.client import ListeningClient
from support.desk import ValueDesk, chat
from support.upstream import chat_answer

DIALECT = ChatDialect()
UNITS = (Unit.USD, Unit.TOKENS, Unit.OUTPUT_TOKENS, Unit.CALLS)


class Greedy:
    """Bills every token that the request on the wire allows, or fails as it is told."""

    def __init__(self, moods):
        self.moods = list(moods)
        self.sent = []

    async def send(self, request):
        self.sent.append(request)
        mood = self.moods[len(self.sent) % len(self.moods)]
        await asyncio.sleep(0)
        if mood == "unsent":
            raise NotSent("no route")
        if mood == "reset":
            raise Ambiguous("reset")
        draft = DIALECT.read(request.body)
        asked = draft.asked
        every = (asked.cap + asked.predicted_bytes) * asked.choices
        return chat_answer(asked.text_bytes + asked.overhead_tokens, every)


calls = st.fixed_dictionaries(
    {"text": st.text(max_size=300)},
    optional={
        "max_tokens": st.integers(1, 3_000),
        "n": st.integers(1, 4),
        "prediction": st.text(min_size=1, max_size=50).map(lambda text: {"type": "content", "content": text}),
    },
)
limits = st.fixed_dictionaries(
    {
        Unit.USD: st.integers(10_000, 8_000_000),
        Unit.TOKENS: st.integers(300, 60_000),
        Unit.OUTPUT_TOKENS: st.integers(300, 40_000),
        Unit.CALLS: st.integers(1, 12),
    }
)


@settings(max_examples=150, deadline=None)
@given(
    limits=limits,
    asked=st.lists(calls, min_size=1, max_size=12),
    moods=st.lists(st.sampled_from(("answers", "answers", "answers", "reset", "unsent")), min_size=1, max_size=5),
    leaving=st.sets(st.integers(0, 11)),
)
def test_no_budget_is_overspent_and_no_hold_is_left(limits, asked, moods, leaving):
    budgets = tuple(Budget(name=unit.value, limits=((unit, limits[unit]),), wait_seconds=0) for unit in UNITS)
    at = ValueDesk(budgets=budgets)
    at.upstream = Greedy(moods)

    async def call(number, fields):
        client = ListeningClient()
        client.gone = number in leaving
        await at.call(chat(**fields), client)
        return client

    async def everybody():
        return await asyncio.gather(*(call(number, fields) for number, fields in enumerate(asked)))

    clients = asyncio.run(everybody())
    for standing in at.ledger.records.accounts():
        assert standing.held == 0
        assert standing.posted + standing.unknown <= limits[standing.account.unit]
    for client in clients:
        if client.status == 402:
            figures = json.loads(client.text)["error"]["farthing"]
            assert figures["budget"] in {unit.value for unit in UNITS}
    assert at.ledger._book.gates == set()
    assert all(summary.outcome for summary in at.ledger.records.recent(limit=100))


@settings(max_examples=100, deadline=None)
@given(limit=st.integers(100_000, 3_000_000), text=st.text(max_size=200), cap=st.integers(256, 2_000))
def test_one_agent_after_another_is_refused_only_when_its_next_call_cannot_be_paid(limit, text, cap):
    at = ValueDesk(budgets=(Budget(name="all", limits=((Unit.USD, limit),)),))
    at.upstream = Greedy(["answers"])
    for _ in range(60):
        client = asyncio.run(at.call(chat(text, max_tokens=cap)))
        if client.status != 200:
            break
    posted, held, unknown = at.spent() if at.ledger.records.accounts("all") else (0, 0, 0)
    assert (held, unknown) == (0, 0)
    assert posted <= limit
    if client.status == 402:
        figures = json.loads(client.text)["error"]["farthing"]
        assert figures["unit"] == "usd"
        assert float(figures["needed_usd"]) > float(figures["limit_usd"]) - float(figures["spent_usd"])
