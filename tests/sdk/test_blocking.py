"""A blocking client's call: its thread does what the engine asks, and never waits for somebody who is gone."""

import httpx2
import pytest

import farthing
from farthing.domain.errors import LedgerUnavailable
from farthing.sdk import blocking
from farthing.sdk.blocking import SyncBody, SyncCall
from farthing.sdk.engine import local_engine
from farthing.sdk.exchange import Exchange
from farthing.sdk.wrap import unguarded
from support.sdk_provider import billed, simulated
from support.sdk_world import ask, openai_client, sdk


def test_an_engine_that_died_is_noticed(monkeypatch):
    monkeypatch.setattr(blocking, "LOOK_SECONDS", 0.01)
    with sdk():
        engine = local_engine()
        engine.close()
        call = SyncCall(None, httpx2, None)
        call._engine, call._exchange = engine, Exchange(engine.loop, call._tasks.put, 10)
        with pytest.raises(LedgerUnavailable):
            call.piece()


def test_ctrl_c_while_sending_keeps_the_hold_and_leaves_nobody_waiting():
    with simulated() as provider, sdk():
        client = openai_client(provider, max_retries=0)

        def interrupt(_):
            raise KeyboardInterrupt

        unguarded(client._client).event_hooks["request"].append(interrupt)
        with farthing.budget("$5") as run:
            with pytest.raises(KeyboardInterrupt):
                ask(client)
            assert run.remaining.usd < 5


def test_a_body_that_is_dropped_is_closed():
    closed = []

    class Call:
        def close(self):
            closed.append(self)

    body = SyncBody(Call())
    del body
    assert len(closed) == 1


def test_pieces_come_as_the_provider_sends_them():
    with simulated() as provider, sdk(), farthing.budget("$5") as run:
        chunks = list(ask(openai_client(provider), stream=True))
        assert len(chunks) > 3
        assert run.spent.usd == billed(provider)
