"""Wrapped clients as their makers ship them: the same answers, exact money, refusals before anything is sent."""

import asyncio
import gc
import time
from decimal import Decimal

import anthropic
import httpx2
import openai
import pytest

import farthing
from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices
from support.maker_scenarios import ANTHROPIC, BILLED, CHAT, MESSAGES, OPENAI, client_of, perform, plain
from support.sdk_world import anthropic_client, ask, openai_client, sdk

EVERY = [(maker, name) for maker, calls in BILLED.items() for name in calls]
CLIENTS = {"openai": openai_client, "anthropic": anthropic_client}


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as running:
        yield running


@pytest.fixture(autouse=True)
def memory():
    with sdk():
        yield


def billed(provider):
    return Decimal(sum(entry.nanos for entry in provider.bill)) / 10**9


def until(true, seconds=10):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


async def once(client, call):
    try:
        return await perform(client, call)
    finally:
        closing = client.close()
        if closing is not None:
            await closing


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("maker", "name"), EVERY)
def test_every_kind_of_call_answers_as_direct_and_costs_what_the_provider_bills(provider, maker, name, is_async):
    call = BILLED[maker][name]
    direct = asyncio.run(once(client_of(maker, provider.url, "sk-test", is_async=is_async), call))
    provider.reset()
    with farthing.budget("$5") as run:
        said = asyncio.run(once(CLIENTS[maker](provider, is_async=is_async), call))
        spent = run.spent
    assert plain(said["objects"]) == plain(direct["objects"])
    assert spent.usd == billed(provider) > 0
    assert spent.calls == 1
    assert "x-farthing-call-id" in said["headers"]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("maker", ["openai", "anthropic"])
def test_a_refusal_sends_nothing_and_is_also_the_clients_own_error(provider, maker, is_async):
    client = CLIENTS[maker](provider, is_async=is_async)
    call = {"openai": OPENAI["chat"], "anthropic": ANTHROPIC["messages"]}[maker]
    module = {"openai": openai, "anthropic": anthropic}[maker]
    with farthing.budget("$0.0000001", name="tiny") as run, pytest.raises(farthing.BudgetExceeded) as caught:
        asyncio.run(once(client, call))
    error = caught.value
    assert isinstance(error, module.APIStatusError)
    assert error.status_code == 402
    assert (error.budget, error.unit, error.limit, error.spent, error.reserved) == (
        run.name,
        "usd",
        Decimal("0.0000001"),
        0,
        0,
    )
    assert error.needed > error.limit
    assert error.resets_at is None
    assert "farthing.budget(…)" in str(error)
    assert "farthing budgets raise" not in str(error)
    assert not provider.requests
    assert run.receipt.document.refused == 1


def test_budgets_nest_and_a_call_is_charged_to_all_or_none(provider):
    client = openai_client(provider)
    with farthing.budget("$1") as outer:
        ask(client)
        with farthing.budget("$1", calls=1) as inner:
            ask(client)
            with pytest.raises(farthing.BudgetExceeded) as caught:
                ask(client)
            assert inner.spent.calls == 1
            assert inner.remaining.calls == 0
        assert outer.spent.calls == 2
        assert outer.spent.usd == billed(provider)
    assert caught.value.unit == "calls"
    assert inner.receipt.document.calls == 2
    assert outer.receipt.document.calls == 3


def test_two_blocks_of_one_name_never_share_a_limit(provider):
    client = openai_client(provider)
    with farthing.budget(calls=1, name="triage") as first, farthing.budget(calls=5, name="triage") as second:
        ask(client)
        assert first.name != second.name
    with farthing.budget(calls=1, name="triage"):
        ask(client)


@pytest.mark.parametrize("streamed", [False, True])
def test_what_a_block_left_behind_is_refused_when_it_is_over(provider, streamed):
    client = openai_client(provider)
    with farthing.budget("$1") as run:
        late = run.bind(lambda: ask(client, stream=streamed))
    with pytest.raises(farthing.Refused) as caught:
        late()
    assert caught.value.code == "run_ended"
    assert not provider.requests


def test_a_task_that_outlives_its_block_is_refused(provider):
    async def main():
        client = openai_client(provider, is_async=True)
        over = asyncio.Event()

        async def later():
            await over.wait()
            await client.chat.completions.create(**CHAT)

        async with farthing.budget("$1"):
            task = asyncio.create_task(later())
            await asyncio.sleep(0)
        over.set()
        with pytest.raises(farthing.Refused):
            await task
        await client.close()

    asyncio.run(main())
    assert not provider.requests


def test_with_options_and_copies_stay_wrapped(provider):
    client = openai_client(provider)
    with farthing.budget(calls=2) as run:
        ask(client.with_options(timeout=20, max_retries=0))
        ask(client.copy())
        with pytest.raises(farthing.BudgetExceeded):
            ask(client.with_options(max_retries=1))
        assert run.spent.usd == billed(provider)
    assert farthing.wrap(client) is client


def test_each_attempt_of_the_clients_own_retries_is_a_call_and_none_counts_twice(provider):
    provider.faults.push("429:retry_after=0", "error:status=500,billed=true", "reset_before_headers")
    client = openai_client(provider, max_retries=5)
    with farthing.budget("$5") as run:
        ask(client)
        remaining, document = run.remaining, run.receipt.document
    assert document.calls == 4
    assert document.open == 2, "the 500 and the reset: nobody knows what they cost"
    assert Decimal(document.cost_usd) == Decimal(list(provider.bill)[-1].nanos) / 10**9
    assert 5 - remaining.usd >= billed(provider)


def test_a_provider_that_cannot_be_reached_costs_nothing():
    client = farthing.wrap(openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=1))
    with farthing.budget("$1") as run:
        with pytest.raises(openai.APIConnectionError):
            ask(client)
        assert run.remaining.usd == 1
        assert run.spent.calls == 0


@pytest.mark.parametrize("closing", ["close", "break", "drop", "raise"])
def test_a_stream_that_is_left_early_is_still_paid_for(provider, closing):
    client = openai_client(provider)
    with farthing.budget("$5") as run:
        stream = ask(client, stream=True)
        try:
            for _ in stream:
                if closing == "raise":
                    raise KeyError("of the user's own")
                break
        except KeyError:
            stream.close()
        if closing == "close":
            stream.close()
        del stream
        gc.collect()
        until(lambda: run.receipt.document.open == 0)
        assert run.spent.usd == billed(provider) > 0


def test_a_stream_that_is_never_read_holds_no_money_for_ever(provider):
    client = openai_client(provider)
    with farthing.budget("$5") as run:
        ask(client, stream=True)
        gc.collect()
        until(lambda: run.receipt.document.open == 0)
        assert run.spent.usd == billed(provider) > 0


def test_an_asynchronous_stream_that_is_dropped_is_still_paid_for(provider):
    async def main():
        client = openai_client(provider, is_async=True)
        async with farthing.budget("$5") as run:
            async for _ in await client.chat.completions.create(**CHAT, stream=True):
                break
            gc.collect()
            deadline = time.monotonic() + 10
            while (await asyncio.to_thread(lambda: run.receipt)).document.open:
                assert time.monotonic() < deadline
                gc.collect()
                await asyncio.sleep(0.005)
        await client.close()
        return run

    run = asyncio.run(main())
    assert run.spent.usd == billed(provider) > 0


def test_a_cancelled_call_keeps_its_hold_and_nobody_hangs(provider):
    provider.faults.push("silence")

    async def main():
        client = openai_client(provider, is_async=True, max_retries=0)
        async with farthing.budget("$5") as run:
            task = asyncio.create_task(client.chat.completions.create(**CHAT))
            while not provider.requests:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while (await asyncio.to_thread(lambda: run.receipt)).document.attempts == 0:
                await asyncio.sleep(0.005)
            left = run.remaining
        await client.close()
        return left

    assert asyncio.run(main()).usd < 5


def test_the_clients_own_timeout_still_applies(provider):
    provider.faults.push("silence")
    client = openai_client(provider, max_retries=0, timeout=0.3)
    with farthing.budget("$5") as run:
        with pytest.raises(openai.APITimeoutError):
            ask(client)
        assert run.remaining.usd < 5, "it may have been billed"


@pytest.mark.parametrize("fault", ["error_event", "reset_after_events", "truncate"])
def test_a_stream_that_breaks_raises_and_keeps_its_money(provider, fault):
    provider.faults.push(fault)
    client = openai_client(provider)
    with farthing.budget("$5") as run:
        with pytest.raises((openai.OpenAIError, httpx2.HTTPError, ValueError)):
            list(ask(client, stream=True))
        assert run.spent.usd >= billed(provider)
        assert run.spent.usd > 0


def test_helpers_are_accounted_like_any_call(provider):
    chat, messages = openai_client(provider), anthropic_client(provider)
    question = {**CHAT, "max_tokens": 4_000}
    with farthing.budget("$5") as run:
        with chat.chat.completions.stream(**{**question, "stream_options": {"include_usage": True}}) as events:
            assert events.get_final_completion().choices
        with chat.responses.stream(model="gpt-4o-mini", input="hi") as events:
            assert events.get_final_response().output
        assert chat.chat.completions.parse(**question).choices
        with messages.messages.stream(**MESSAGES) as events:
            assert events.get_final_message().content
        with chat.chat.completions.with_streaming_response.create(**CHAT) as raw:
            assert raw.parse().choices
        assert chat.chat.completions.with_raw_response.create(**CHAT).headers["x-farthing-cost-usd"]
        assert messages.beta.messages.create(**MESSAGES).content
        assert run.spent.usd == billed(provider)
        assert run.spent.calls == 7 == len(provider.bill)


def test_a_response_goes_on_from_an_earlier_one(provider):
    client = openai_client(provider)
    with farthing.budget("$5") as run:
        first = client.responses.create(model="gpt-4o-mini", input="hi", max_output_tokens=20)
        client.responses.create(model="gpt-4o-mini", input="and?", previous_response_id=first.id, max_output_tokens=20)
        assert run.spent.usd == billed(provider)


def test_embeddings_come_whole_in_either_encoding(provider):
    client = openai_client(provider)
    with farthing.budget("$5") as run:
        for encoding in (openai.NOT_GIVEN, "float", "base64"):
            assert client.embeddings.create(
                model="text-embedding-3-small", input=["one"], encoding_format=encoding
            ).data
        assert run.spent.usd == billed(provider)


def test_free_requests_pass_and_what_may_cost_is_not_sent(provider):
    client, other = openai_client(provider), anthropic_client(provider)
    with farthing.budget("$0.000000001"):
        assert client.models.list().data
        assert other.messages.count_tokens(model=MESSAGES["model"], messages=MESSAGES["messages"]).input_tokens
        before = len(provider.requests)
        with pytest.raises(openai.BadRequestError, match="does not count yet"):
            client.images.generate(prompt="a cat")
        assert len(provider.requests) == before


def test_outside_of_any_budget_calls_go_or_are_refused_where_asked(provider):
    ask(openai_client(provider))
    bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k")
    with pytest.raises(farthing.NoBudget) as caught:
        ask(farthing.wrap(bare, require_budget=True))
    assert isinstance(caught.value, openai.APIStatusError)
    assert len(provider.requests) == 1


def test_custom_http_keeps_its_hooks_headers_and_cookies(provider):
    seen = []
    http = httpx2.Client(
        headers={"x-corp": "1"}, cookies={"session": "abc"}, event_hooks={"request": [seen.append]}, trust_env=False
    )
    client = openai_client(provider, http_client=http)
    with http, farthing.budget("$1"):
        ask(client)
        client.models.list()
    for request in seen:
        assert request.headers["x-corp"] == "1"
        assert "session=abc" in request.headers["cookie"]
        assert request.headers["authorization"] == "Bearer sk-test"
    assert len(seen) == 2


def test_an_azure_client_is_wrapped_like_any_other(provider):
    bare = openai.AzureOpenAI(azure_endpoint=provider.url, api_key="k", api_version="2024-10-21")
    seen = []
    bare._client.event_hooks["request"].append(lambda request: seen.append(request.url))
    with farthing.budget("$1") as run:
        with pytest.raises(openai.NotFoundError):  # the simulated provider has no such path
            ask(farthing.wrap(bare))
        assert run.remaining.usd == 1
    assert seen[0].path == "/openai/deployments/gpt-4o-mini/chat/completions"
    assert seen[0].params["api-version"] == "2024-10-21"


def test_an_error_of_ours_is_raised_as_it_is(provider, monkeypatch):
    client = openai_client(provider)
    monkeypatch.setenv("FARTHING_STORE", "postgresql://nowhere/x")
    with pytest.raises(farthing.Misused, match="postgresql"):
        ask(client)
    assert not provider.requests


def test_websockets_have_nowhere_to_go(provider):
    assert ".invalid" in str(openai_client(provider).websocket_base_url)


def test_a_run_is_judged_and_costs_beside_models_are_noted(provider):
    with farthing.budget("$5", agent="triage") as run:
        with run.step("classify"):
            ask(openai_client(provider))
        assert run.cost("$0.01", kind="search", once="a")
        assert not run.cost("$0.01", kind="search", once="a")
        run.succeed(0.9, "found it")
    document = run.receipt.document
    assert document.outcome.success
    assert document.outcome.score == 0.9
    assert [part.name for part in document.by_step] == ["classify"]
    assert [part.name for part in document.by_agent] == ["triage"]
    assert Decimal(run.receipt.usd) == billed(provider) + Decimal("0.01")
    assert "came to success, score 0.9, says sdk: found it" in str(run.receipt)


def test_a_window_of_its_own_counts_on_in_the_next_block(provider, tmp_path):
    client = openai_client(provider)
    with sdk(store=str(tmp_path / "farthing.db")):
        with farthing.budget(calls=2, name="nightly", window="day"):
            ask(client)
        with farthing.budget(calls=2, name="nightly", window="day") as run:
            ask(client)
            with pytest.raises(farthing.BudgetExceeded) as caught:
                ask(client)
            assert run.spent.calls == 2
        assert caught.value.resets_at


def test_an_engine_that_is_shut_in_the_midst_of_a_stream_is_noticed(provider):
    from farthing.domain.errors import LedgerUnavailable
    from farthing.sdk.engine import local_engine

    provider.faults.push("slow:seconds=0.2")
    client = openai_client(provider)
    with farthing.budget("$5"):
        stream = iter(ask(client, stream=True))
        next(stream)
        engine = local_engine()
        for task in tuple(engine.calls):
            engine.loop.call_soon_threadsafe(task.cancel)
        with pytest.raises(LedgerUnavailable):
            list(stream)
