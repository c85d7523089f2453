"""The budget-aware loop: it answers, it tells what is left, it leaves out what is old, it lands, and it ends with an answer."""

import asyncio
from itertools import pairwise

import anthropic
import openai
import pytest

import farthing
from farthing.domain.money import parse_usd
from farthing.sdk.errors import Misused
from farthing.testing import Reply, ToolCall
from support.tooled import billed, nanos, provided

MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-haiku-4-5"}
SOME = {"openai": "$0.02", "anthropic": "$0.2"}
"""Enough for a dozen turns."""
LONG = "nothing of interest here; " * 200


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)


def client_of(kind, provider, *, asynchronous=False):
    if kind == "openai":
        made = openai.AsyncOpenAI if asynchronous else openai.OpenAI
        return made(base_url=f"{provider.url}/v1", api_key="any", max_retries=0)
    made = anthropic.AsyncAnthropic if asynchronous else anthropic.Anthropic
    return made(base_url=provider.url, api_key="any", max_retries=0)


def asking(*calls, text="Done."):
    """A model that makes these calls, one a turn, as long as tools may be called, and then answers. It keeps what it saw."""
    seen, left = [], list(calls)

    def answer(prompt):
        seen.append(prompt)
        if left and prompt.tool_choice != "none":
            return Reply(text="", tools=(left.pop(0),))
        return Reply(text=text)

    return answer, seen


def restless(tool="search"):
    """A model that never stops calling a tool, each time with something new."""
    count = iter(range(10_000))
    seen = []

    def answer(prompt):
        seen.append(prompt)
        if prompt.tool_choice == "none":
            return Reply(text="What I have.")
        return Reply(text="", tools=(ToolCall(tool, {"q": f"question {next(count)}"}),))

    return answer, seen


@pytest.mark.parametrize("kind", MODELS)
def test_an_agent_answers_with_its_tools_and_its_bill_is_the_provider_s(kind):
    script, seen = asking(ToolCall("add", {"a": 2, "b": "3"}), text="Five.")
    with provided(script=script) as provider, farthing.budget("$1") as run:

        def add(a: int, b: int = 0) -> int:
            """Add two numbers."""
            return a + b

        with client_of(kind, provider) as client:
            answer = run.agent(client, "What is 2 + 3?", model=MODELS[kind], tools=[add], system="Be brief.")
        assert (answer.text, answer.why, answer.calls) == ("Five.", "answered", 2)
        assert [turn.text for turn in seen[1].turns if turn.role == "tool"] == ["5"]
        assert run.tools["add"].calls == 1
        assert nanos(run.spent.usd) == billed(provider) > 0
        assert answer.receipt.usd == f"{run.spent.usd.normalize():f}"


@pytest.mark.parametrize("kind", MODELS)
def test_an_asynchronous_client_is_awaited_and_its_tools_may_be_either(kind):
    script, _ = asking(ToolCall("slow", {}), ToolCall("quick", {}), text="Both.")

    async def main():
        async with farthing.budget("$1") as run:

            async def slow() -> str:
                await asyncio.sleep(0)
                return "slow"

            def quick() -> str:
                return "quick"

            async with client_of(kind, provider, asynchronous=True) as client:
                answer = await run.agent(client, "Go.", model=MODELS[kind], tools=[slow, quick])
            assert {name: tally.calls for name, tally in run.tools.items()} == {"slow": 1, "quick": 1}
            return answer, nanos(run.spent.usd)

    with provided(script=script) as provider:
        answer, spent = asyncio.run(main())
        assert (answer.text, answer.why, answer.calls) == ("Both.", "answered", 3)
        assert spent == billed(provider)


@pytest.mark.parametrize("kind", MODELS)
def test_a_restless_agent_is_told_squeezed_and_lands_within_its_budget(kind):
    script, seen = restless()
    with provided(script=script) as provider, farthing.budget(SOME[kind]) as run:

        @run.tool
        def search(q: str) -> str:
            return f"{q}: {LONG}"

        with client_of(kind, provider) as client:
            answer = run.agent(client, "Find it.", model=MODELS[kind], tools=[search], turns=500, max_tokens=400)
        assert (answer.text, answer.why) == ("What I have.", "budget")
        assert seen[-1].tool_choice == "none"
        assert "last answer" in "".join(turn.text for turn in seen[-1].turns)
        assert any("Budget note: " in turn.text for prompt in seen for turn in prompt.turns)
        assert nanos(run.spent.usd) == billed(provider) <= parse_usd(SOME[kind])
        assert answer.calls == len(provider.bill) == len(seen)
        short = [sum("left out; they began" in turn.text for turn in prompt.turns) for prompt in seen]
        changed = [at for at in range(1, len(short)) if short[at] != short[at - 1]]
        assert changed, "old results are left out on the way"
        assert all(after - before >= 5 for before, after in pairwise(changed))


def test_the_note_of_one_turn_is_not_in_the_next():
    script, seen = restless()
    with provided(script=script) as provider, farthing.budget(calls=12) as run, client_of("openai", provider) as client:
        run.agent(client, "Find it.", model="gpt-4o-mini", tools=[run.tool(name="search")(named("search"))])
        notes = [sum(turn.text.startswith("Budget note") for turn in prompt.turns) for prompt in seen]
        assert set(notes) == {0, 1}


def named(name):
    def tool(q: str) -> str:
        return f"{q} is unknown"

    tool.__name__ = name
    return tool


def test_at_the_last_call_of_a_budget_the_agent_answers():
    script, seen = restless()
    with provided(script=script) as provider, farthing.budget(calls=5) as run, client_of("openai", provider) as client:
        answer = run.agent(client, "Find it.", model="gpt-4o-mini", tools=[named("search")])
        assert (answer.text, answer.why) == ("What I have.", "budget")
        assert len(provider.bill) <= 5
        assert seen[-1].tool_choice == "none"


@pytest.mark.parametrize("kind", MODELS)
def test_a_budget_that_pays_for_nothing_ends_with_an_answer_too(kind):
    with provided() as provider, farthing.budget("$0.000001") as run, client_of(kind, provider) as client:
        answer = run.agent(client, "Find it.", model=MODELS[kind], tools=[named("search")])
        assert answer.why == "budget"
        assert "used up before there was an answer" in answer.text
        assert answer.calls == len(provider.bill) == 0


def test_what_was_found_is_said_where_no_last_answer_can_be_paid_for():
    script, _ = asking(ToolCall("search", {"q": "gold"}))
    with provided(script=script) as provider, farthing.budget("$1") as run, client_of("openai", provider) as client:

        @run.tool
        def search(q: str) -> str:  # spends the rest, as another agent of the same run would between two turns
            run.tool(name="everything", cost=f"${run.remaining.usd:f}")(lambda: None)()
            return f"{q} at 12.5"

        answer = run.agent(client, "Find it.", model="gpt-4o-mini", tools=[search])
        assert answer.why == "budget"
        assert "gold at 12.5" in answer.text
        assert run.remaining.usd == 0


def test_the_turns_have_an_end():
    script, seen = restless()
    with provided(script=script) as provider, farthing.budget("$1") as run, client_of("openai", provider) as client:
        answer = run.agent(client, "Find it.", model="gpt-4o-mini", tools=[named("search")], turns=4)
        assert (answer.text, answer.why, answer.calls) == ("What I have.", "turns", 4)
        assert seen[-1].tool_choice == "none"


def test_an_agent_that_goes_round_in_circles_is_landed():
    def script(prompt):
        if prompt.tool_choice == "none":
            return Reply(text="I give up.")
        return Reply(text="", tools=(ToolCall("search", {"q": "same"}),))

    with provided(script=script) as provider, farthing.budget("$1") as run, client_of("openai", provider) as client:
        answer = run.agent(client, "Find it.", model="gpt-4o-mini", tools=[named("search")])
        assert (answer.text, answer.why) == ("I give up.", "loop")
        assert run.tools["search"][:3] == (3, 0, 2)


def test_mistakes_of_the_model_and_of_tools_are_told_to_the_model():
    script, seen = asking(ToolCall("nothing", {}), ToolCall("add", {"a": "x"}), ToolCall("add", {"a": 1}))

    def add(a: int) -> int:
        raise ZeroDivisionError("oh")

    with provided(script=script) as provider, farthing.budget("$1") as run, client_of("openai", provider) as client:
        assert run.agent(client, "Go.", model="gpt-4o-mini", tools=[add]).why == "answered"
    told = [turn.text for turn in seen[-1].turns if turn.role == "tool"]
    assert told[0] == "Error: there is no tool nothing."
    assert "the arguments of add do not fit" in told[1]
    assert told[2] == "Error: ZeroDivisionError: oh"


def test_other_errors_of_the_client_are_its_own():
    ours = provided(faults=["500"])
    with ours as provider, farthing.budget("$1") as run, pytest.raises(openai.InternalServerError):
        run.agent(client_of("openai", provider), "Go.", model="gpt-4o-mini")


def test_asynchronous_tools_need_an_asynchronous_client():
    async def look() -> str:
        return "x"

    with provided() as provider, farthing.budget("$1") as run, pytest.raises(Misused, match="look"):
        run.agent(client_of("openai", provider), "Go.", model="gpt-4o-mini", tools=[look])
