"""A gateway that cannot be used: what is raised says which, and what to do, and nothing is sent."""

import asyncio
import contextlib
import contextvars

import anthropic
import openai
import pytest

import farthing
from farthing.domain.errors import FarthingError, LedgerUnavailable
from farthing.gateway.admin import door
from farthing.testing import SimulatedProvider
from support.gateway import gateway_and_provider, running_gateway, write_config
from support.sdk_world import anthropic_client, ask, openai_client, sdk

KEYS = """
[[keys]]
name = "agents"
secret = "fk_agents_secret"
labels = { team = "support" }
may_set = ["run", "step"]
rights = ["call", "runs"]
[[keys]]
name = "callers"
secret = "fk_callers_secret"
may_set = ["run"]
"""
KEY = "fk_agents_secret"
AWAY = r"cannot be reached .* nothing is sent: start it \(farthing serve\), or correct FARTHING_STORE"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("errors"), KEYS) as pair:
        yield pair


@pytest.fixture
def provider(world):
    world[1].reset()
    yield world[1]
    assert not world[1].requests, "nothing was sent"


def enter():
    with farthing.budget("$1"):
        raise AssertionError("it was entered")


def test_a_gateway_that_is_away_refuses_the_budget_the_call_and_the_tool(provider):
    with sdk(store="http://127.0.0.1:9", key=KEY):
        with pytest.raises(LedgerUnavailable, match=AWAY):
            enter()
        for client in (openai_client(provider), anthropic_client(provider)):
            with pytest.raises(LedgerUnavailable, match=AWAY):
                ask(client)

        async def main():
            client = openai_client(provider, is_async=True)
            with pytest.raises(LedgerUnavailable, match=AWAY):
                await ask(client)
            await client.close()

        asyncio.run(main())


def apart(work, *said):
    """In a context of its own, so that a budget that is entered there and cannot be left stays there."""
    return contextvars.copy_context().run(work, *said)


def test_a_gateway_that_goes_away_in_the_middle_runs_no_tool(tmp_path):
    ran = []

    def middle(provider):
        with running_gateway(write_config(tmp_path, provider.url)) as gateway, sdk(store=gateway.url):
            run = farthing.budget("$1").__enter__()
            buy = run.tool(cost="$0.1")(lambda: ran.append(1))
            client = openai_client(provider)
        for spend in (buy, lambda: ask(client), lambda: run.spent, lambda: run.__exit__(None, None, None)):
            with pytest.raises(LedgerUnavailable, match=AWAY):
                spend()

    with SimulatedProvider().in_thread() as provider:
        apart(middle, provider)
        assert not provider.requests
    assert not ran


def test_a_result_is_worth_more_than_its_price_where_the_gateway_went_away_meanwhile(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("farthing.sdk.remote_money.AGAIN_SECONDS", (0.01, 0.01))

    def middle():
        with contextlib.ExitStack() as up:
            gateway = up.enter_context(running_gateway(write_config(tmp_path, "http://127.0.0.1:9")))
            up.enter_context(sdk(store=gateway.url))
            run = farthing.budget("$1").__enter__()

            @run.tool(cost="$0.1")
            def buy():
                up.close()
                return "bought"

            assert buy() == "bought"
            return run.name

    name = apart(middle)
    assert "could not be told to settle the money of the tool buy" in caplog.text
    assert "up to 0.1 USD" in caplog.text
    with running_gateway(write_config(tmp_path, "http://127.0.0.1:9")) as again:
        again.flush()
        (row,) = again.engine.history.usage(by=("run",), since_ms=0, until_ms=2**53, where=(("run", name),))
        assert row.open == 1, "it is unknown, and counts as spent"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("fk_wrong", r"unknown or revoked.*FARTHING_KEY must be a key with the right `runs`"),
        ("", r"no key: send.*FARTHING_KEY must be a key"),
        ("fk_callers_secret", r"no right to 'runs'.*FARTHING_KEY must be a key with the right `runs`"),
    ],
)
def test_a_key_that_will_not_do_is_told_what_it_needs(world, provider, key, words):
    said = {"key": key} if key else {}
    with sdk(store=world[0].url, **said), pytest.raises(farthing.Misused, match=words):
        enter()


def test_a_call_with_a_wrong_key_is_refused_in_the_clients_own_words(world, provider):
    with sdk(store=world[0].url, key="fk_wrong"):
        with pytest.raises(openai.AuthenticationError, match="unknown or revoked"):
            ask(openai_client(provider))
        with pytest.raises(anthropic.AuthenticationError, match="unknown or revoked"):
            ask(anthropic_client(provider))


@pytest.mark.parametrize("key", [KEY, ""], ids=["with keys", "without"])
def test_a_gateway_of_before_runs_no_tool_that_costs_money_and_says_why(world, key, tmp_path, monkeypatch):
    old = tuple(each for each in door.ENDPOINTS if not each.path.startswith("/tool-uses"))
    monkeypatch.setattr(door, "ENDPOINTS", old)
    ran = []
    with (
        gateway_and_provider(tmp_path, KEYS if key else "") as (gateway, _),
        sdk(store=gateway.url, **({"key": key} if key else {})),
        farthing.budget("$1") as run,
    ):
        free = run.tool(name="free")(lambda: ran.append("free"))
        paid = run.tool(name="paid", cost="$0.1")(lambda: ran.append("paid"))
        free()
        with pytest.raises(farthing.Misused, match="older than this program"):
            paid()
        assert run.spent.usd == 0
    assert ran == ["free"]


def test_an_address_that_is_no_gateway_is_named(provider):
    with SimulatedProvider().in_thread() as other, sdk(store=other.url, key=KEY):
        with pytest.raises(farthing.Misused, match=r"FARTHING_STORE|upgrade"):
            enter()
        assert len(other.bill) == 0
    with sdk(store="http://", key=KEY), pytest.raises(FarthingError, match="no gateway's address"):
        enter()
    with sdk(store="http://127.0.0.1:port", key=KEY), pytest.raises(farthing.Misused, match="is no address"):
        enter()


def test_a_store_below_a_path_is_told_so(world, provider):
    with sdk(store=f"{world[0].url}/v1", key=KEY), pytest.raises(farthing.Misused, match="without /v1"):
        enter()
