"""Your own agent against the simulated provider: `pytest examples/test_your_agent.py`."""

import openai
import pytest

from farthing.testing import Reply, SimulatedProvider


def agent(client: openai.OpenAI, question: str) -> str:
    """The agent under test: one question, one answer."""
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": question}])
    return reply.choices[0].message.content or ""


@pytest.fixture
def provider():
    with SimulatedProvider().in_thread() as simulated:
        yield simulated


@pytest.fixture
def client(provider):
    with openai.OpenAI(base_url=f"{provider.url}/v1", api_key="any", max_retries=2) as made:
        yield made


def test_it_says_what_the_model_says(provider, client):
    provider.script.push(Reply(text="Four."))
    assert agent(client, "How many farthings made a penny?") == "Four."
    assert len(provider.bill) == 1


def test_it_survives_a_busy_provider(provider, client):
    provider.faults.push("429:retry_after=0")
    assert agent(client, "Still there?")
    assert len(provider.bill) == 2
