"""FARTHING_STORE is a gateway: its budgets, its providers, its records; the code stays the same."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import openai
import pytest

import farthing
from support.gateway import gateway_and_provider
from support.sdk_world import anthropic_client, ask, openai_client, sdk

KEYS = """
[[keys]]
name = "agents"
secret = "fk_agents_secret"
labels = { team = "support" }
may_set = ["run", "run.1", "step", "agent"]
rights = ["call", "runs"]
[[keys]]
name = "others"
secret = "fk_others_secret"
labels = { team = "sales" }
may_set = ["run"]
rights = ["call", "runs"]
[[keys]]
name = "callers"
secret = "fk_callers_secret"
may_set = ["run"]
"""


@pytest.fixture(scope="module", params=["keyless", "keys"])
def world(request, tmp_path_factory):
    more = KEYS if request.param == "keys" else ""
    with gateway_and_provider(tmp_path_factory.mktemp("remote"), more) as (gateway, provider):
        yield gateway, provider, ({"key": "fk_agents_secret"} if more else {})


@pytest.fixture
def both(world):
    gateway, provider, key = world
    provider.reset()
    with sdk(store=gateway.url, **key):
        yield gateway, provider


def billed(provider):
    return Decimal(sum(entry.nanos for entry in provider.bill)) / 10**9


def test_calls_go_through_the_gateway_and_are_counted_there(both):
    gateway, provider = both
    with farthing.budget("$5", tokens=100_000, agent="triage") as run:
        with run.step("classify"):
            ask(openai_client(provider))
        ask(anthropic_client(provider))
        list(ask(openai_client(provider), stream=True))
        assert run.spent.usd == billed(provider) > 0
        assert run.remaining.usd == 5 - billed(provider)
        assert run.remaining.tokens == 100_000 - run.spent.tokens
        assert run.cost("$0.25", kind="search")
        run.succeed(1.0, "done")
    document = run.receipt.document
    assert document.calls == 3
    assert Decimal(document.cost_usd) == billed(provider)
    assert document.outcome.success
    assert [part.name for part in document.by_agent] == ["triage"]
    assert len(gateway.engine.records.recent(limit=10, run=run.name)) == 3
    assert all(
        request.headers["authorization"] != "Bearer sk-test"
        for request in provider.requests
        if "authorization" in request.headers
    )


def test_a_refusal_is_the_same_exception_as_in_process(both):
    _, provider = both
    with farthing.budget("$0.0000001") as run, pytest.raises(farthing.BudgetExceeded) as caught:
        ask(openai_client(provider))
    assert isinstance(caught.value, openai.APIStatusError)
    assert caught.value.limit == Decimal("0.0000001")
    assert run.name in caught.value.budget
    assert "farthing.budget(…)" in str(caught.value)
    assert not provider.requests


def test_twenty_calls_at_once_against_a_budget_for_four(both):
    _, provider = both
    client = openai_client(provider)

    def one(_):
        try:
            ask(client)
        except farthing.BudgetExceeded:
            return False
        return True

    with farthing.budget(calls=4) as run, ThreadPoolExecutor(20) as pool:
        found = list(pool.map(run.bind(one), range(20)))
    assert sum(found) == 4 == len(provider.bill)


def test_asynchronous_budgets_nest(both):
    _, provider = both

    async def main():
        client = openai_client(provider, is_async=True)
        async with farthing.budget("$1") as outer, farthing.budget(calls=1) as inner:
            await ask(client)
            with pytest.raises(farthing.BudgetExceeded):
                await ask(client)
            spent = await asyncio.to_thread(lambda: (outer.spent.calls, inner.spent.calls))
        await client.close()
        return spent

    assert asyncio.run(main()) == (1, 1)


def test_what_still_calls_when_the_run_is_over_is_refused(both, monkeypatch):
    _, provider = both
    with farthing.budget("$1") as run:
        environ = dict(run.environ)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(farthing.Refused) as caught:
        ask(openai_client(provider))
    assert caught.value.code == "run_ended"
    assert not provider.requests


def test_free_requests_go_through_the_gateway_too(both):
    _, provider = both
    assert openai_client(provider).models.list().data
    assert anthropic_client(provider).models.list().data


def test_a_gateway_that_is_not_there_fails_closed():
    from farthing.domain.errors import LedgerUnavailable

    with sdk(store="http://127.0.0.1:9"), pytest.raises(LedgerUnavailable), farthing.budget("$1"):
        raise AssertionError("it was entered")


def test_a_credential_for_one_provider_is_not_handed_to_another():
    with sdk(store="http://127.0.0.1:9"), pytest.raises(farthing.Misused, match="FARTHING_KEY"):
        ask(farthing.wrap(openai.OpenAI(base_url="https://api.groq.com/openai/v1", api_key="gsk")))


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("keyed"), KEYS) as pair:
        yield pair


def test_a_key_without_the_right_is_told_what_it_needs(keyed):
    gateway, _ = keyed
    with (
        sdk(store=gateway.url, key="fk_callers_secret"),
        pytest.raises(farthing.Misused, match="right `runs`"),
        farthing.budget("$1"),
    ):
        raise AssertionError("it was entered")


def test_a_label_that_the_key_may_not_set_is_refused(keyed):
    gateway, _ = keyed
    with (
        sdk(store=gateway.url, key="fk_others_secret"),
        farthing.budget("$1"),
        pytest.raises(farthing.Misused, match="may_set"),
        farthing.budget("$1"),
    ):
        raise AssertionError("it was entered")


def test_a_key_limits_its_own_calls_only(keyed):
    gateway, provider = keyed
    with (
        sdk(store=gateway.url, key="fk_agents_secret"),
        farthing.budget(calls=1, name="nightly", window="day"),
    ):
        ask(openai_client(provider))
    with (
        sdk(store=gateway.url, key="fk_others_secret"),
        farthing.budget(calls=2, name="nightly", window="day") as run,
    ):
        ask(openai_client(provider))
        ask(openai_client(provider))
        assert run.spent.calls == 2
        assert run.receipt.document.calls == 2
