"""Background responses of wrapped clients: refused under hard budgets, and under soft ones posted when they are fetched."""

import asyncio

import openai
import pytest

import farthing
from farthing.sdk.engine import close_engines
from support.maker_scenarios import RESPONSES
from support.sdk_provider import billed, simulated
from support.sdk_world import openai_client, sdk

BACKGROUND = {**RESPONSES, "background": True}


SOFT = '[[budgets]]\nname = "all"\nlimit = "1 USD"\nhard = "off"\n'


@pytest.fixture(params=["soft", "counting"])
def provider(request, tmp_path):
    """Under a budget that warns only, and under none but one that counts."""
    config = tmp_path / "farthing.toml"
    config.write_text(SOFT if request.param == "soft" else "")
    with simulated() as running, sdk(config=str(config)):
        yield running


def soft(**more):
    return farthing.budget(name="jobs", **more)


def test_a_hard_budget_refuses_it_and_names_the_field(provider):
    with farthing.budget("$1") as run, pytest.raises(farthing.Refused, match="background") as caught:
        openai_client(provider).responses.create(**BACKGROUND)
    assert caught.value.code == "uncapped_feature"
    assert not provider.requests
    assert run.receipt.document.refused == 1


def test_under_a_soft_budget_it_is_posted_when_it_is_fetched_and_once(provider):
    client = openai_client(provider)
    with soft() as run:
        asked = client.responses.create(**BACKGROUND)
        assert asked.status in ("queued", "in_progress")
        assert run.receipt.document.open == 1, "nobody knows yet"
        while client.responses.retrieve(asked.id).status in ("queued", "in_progress"):
            assert run.receipt.document.open == 1
        assert run.receipt.document.open == 0
        assert run.spent.usd == billed(provider) > 0
        client.responses.retrieve(asked.id)
        assert run.spent.usd == billed(provider)
        assert run.spent.calls == 1
        assert run.receipt.document.calls == 1, "fetching is no call"


def test_an_asynchronous_client_polls_for_it_too(provider):
    async def main():
        async with openai_client(provider, is_async=True) as client, soft() as run:
            asked = await client.responses.create(**BACKGROUND)
            while (await client.responses.retrieve(asked.id)).status in ("queued", "in_progress"):
                await asyncio.sleep(0)
            return await asyncio.to_thread(lambda: run.spent.usd)

    assert asyncio.run(main()) == billed(provider) > 0


@pytest.mark.parametrize("raw", ["with_raw_response", "with_streaming_response"])
def test_however_it_is_fetched(provider, raw):
    client = openai_client(provider)
    with soft() as run:
        asked = client.responses.create(**BACKGROUND)
        status = "queued"
        while status in ("queued", "in_progress"):
            if raw == "with_raw_response":
                status = client.responses.with_raw_response.retrieve(asked.id).parse().status
            else:
                with client.responses.with_streaming_response.retrieve(asked.id) as answer:
                    status = answer.parse().status
        assert run.spent.usd == billed(provider) > 0


def test_what_was_cancelled_stays_set_aside_since_nobody_says_what_it_cost(provider):
    client = openai_client(provider)
    with soft() as run:
        asked = client.responses.create(**BACKGROUND)
        answer = client.responses.cancel(asked.id)
        done = run.receipt.document
        assert answer.status == "cancelled"
        assert answer.usage is None
        assert done.open == 1


def test_another_process_fetches_it_from_the_same_file(provider, tmp_path):
    client = openai_client(provider)
    with sdk(store=str(tmp_path / "farthing.db"), config=str(tmp_path / "farthing.toml")):
        with soft(window="day") as run:
            asked = client.responses.create(**BACKGROUND)
        close_engines()  # as at the end of one process
        with soft(window="day") as run:
            while client.responses.retrieve(asked.id).status in ("queued", "in_progress"):
                pass
            assert run.spent.usd == billed(provider) > 0


def test_it_is_fetched_after_its_block_too_and_that_costs_nothing(provider):
    client = openai_client(provider)
    with soft() as run:
        asked = client.responses.create(**BACKGROUND)
    while client.responses.retrieve(asked.id).status in ("queued", "in_progress"):
        pass
    assert run.spent.usd == billed(provider) > 0


def test_an_answer_of_somebody_else_is_fetched_and_charged_to_nobody(provider):
    bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test")
    asked = bare.responses.create(**RESPONSES)
    with farthing.budget("$1") as run:
        assert openai_client(provider).responses.retrieve(asked.id).output_text == asked.output_text
        assert run.spent.usd == 0


def test_a_background_stream_is_posted_at_its_end(provider):
    with soft() as run:
        for _ in openai_client(provider).responses.create(**BACKGROUND, stream=True):
            pass
        assert run.spent.usd == billed(provider) > 0
