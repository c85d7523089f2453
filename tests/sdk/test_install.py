"""Clients wrapped as they are made, for code that one cannot touch."""

import asyncio

import anthropic
import openai
import pytest

import farthing
from farthing.sdk.wrap import is_guarded
from support.maker_scenarios import CHAT, MESSAGES
from support.sdk_provider import billed, simulated
from support.sdk_world import httpx_of, sdk


@pytest.fixture(autouse=True)
def installed():
    with sdk():
        yield
        farthing.uninstall()


def test_every_client_that_is_made_from_now_on_is_counted():
    assert farthing.install() == ("openai", "anthropic")
    with simulated() as provider, farthing.budget(calls=2) as run:
        client = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k")
        client.with_options(timeout=30).chat.completions.create(**CHAT)
        anthropic.Anthropic(base_url=provider.url, api_key="k").messages.create(**MESSAGES)
        with pytest.raises(farthing.BudgetExceeded) as caught:
            client.chat.completions.create(**CHAT)
        assert isinstance(caught.value, openai.APIStatusError)
        assert run.spent.usd == billed(provider)
        assert run.spent.calls == 2


def test_asynchronous_ones_too():
    farthing.install()

    async def main(provider):
        async with openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k") as client:
            await client.chat.completions.create(**CHAT)

    with simulated() as provider, farthing.budget("$1") as run:
        asyncio.run(main(provider))
        assert run.spent.usd == billed(provider)


def test_it_fails_closed_where_asked():
    farthing.install(require_budget=True)
    with simulated() as provider:
        with pytest.raises(farthing.NoBudget):
            openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k").chat.completions.create(**CHAT)
        assert not provider.requests


def test_clients_of_other_platforms_are_refused_since_nobody_counts_them():
    farthing.install()
    with simulated() as provider, farthing.budget("$1"):
        client = anthropic.AnthropicVertex(project_id="p", region="r", access_token="t", base_url=provider.url)
        with pytest.raises(anthropic.BadRequestError, match="rawPredict may cost money"):
            client.messages.create(**MESSAGES)
        assert not provider.requests
    farthing.uninstall()
    bare = anthropic.AnthropicVertex(project_id="p", region="r", access_token="t", base_url="http://127.0.0.1:9")
    assert not is_guarded(bare._client)


def test_a_copy_with_another_http_is_counted_too():
    farthing.install()
    with simulated() as provider, farthing.budget(calls=1) as run:
        client = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k")
        with httpx_of(client).Client() as http:
            other = client.with_options(http_client=http)
            other.chat.completions.create(**CHAT)
            with pytest.raises(farthing.BudgetExceeded):
                other.chat.completions.create(**CHAT)
        assert run.spent.usd == billed(provider)


def test_the_client_of_the_module_is_counted_too(monkeypatch):
    farthing.install()
    with simulated() as provider, farthing.budget(calls=1) as run:
        for name, value in {"api_key": "k", "base_url": f"{provider.url}/v1/", "http_client": None}.items():
            monkeypatch.setattr(openai, name, value)
        monkeypatch.setattr(openai, "_client", None)
        openai.chat.completions.create(**CHAT)
        with pytest.raises(farthing.BudgetExceeded):
            openai.chat.completions.create(**CHAT)
        assert run.spent.usd == billed(provider) > 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_client_of_the_module_is_counted_whatever_http_it_is_given_later(monkeypatch, when):
    """Whether its first call, which makes it, was before `install()` or after."""
    kind = httpx_of(openai.OpenAI(api_key="k")).Client
    with simulated() as provider, kind() as http, kind() as other, farthing.budget(calls=2) as run:
        for name, value in {"api_key": "k", "base_url": f"{provider.url}/v1/", "http_client": None}.items():
            monkeypatch.setattr(openai, name, value)
        monkeypatch.setattr(openai, "_client", None)
        if when == "after":
            farthing.install()
        openai.models.list()
        farthing.install()
        for given in (http, other):
            openai.http_client = given
            openai.chat.completions.create(**CHAT)
        with pytest.raises(farthing.BudgetExceeded):
            openai.chat.completions.create(**CHAT)
        openai.http_client = http
        with pytest.raises(farthing.BudgetExceeded):
            openai.chat.completions.create(**CHAT)
        assert run.spent.usd == billed(provider) > 0
        assert len(provider.bill) == 2
        farthing.uninstall()
        assert not is_guarded(openai._client._client), "its own again"


def test_twice_is_once_and_wrapping_such_a_client_counts_nothing_twice():
    farthing.install()
    farthing.install()
    with simulated() as provider, farthing.budget("$1") as run:
        client = farthing.wrap(openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k"))
        client.chat.completions.create(**CHAT)
        assert run.receipt.document.calls == 1


def test_uninstalled_the_clients_are_their_makers_own():
    own = openai.OpenAI.__init__, openai.OpenAI._make_status_error
    farthing.install()
    assert openai.OpenAI.__init__ is not own[0]
    farthing.uninstall()
    assert (openai.OpenAI.__init__, openai.OpenAI._make_status_error) == own
    with simulated() as provider, farthing.budget(calls=1) as run:
        for _ in range(2):
            openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k").chat.completions.create(**CHAT)
        assert run.spent.calls == 0
