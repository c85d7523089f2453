"""The demonstration's provider and gateway."""

import asyncio
import json
import urllib.request
from pathlib import Path

from farthing.cli.demonstration.client import post
from farthing.cli.demonstration.world import PROVIDER_KEY, billed, demo_gateway, simulated_provider, total
from farthing.config.store import path_of

BODY = {"model": "gpt-4o", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}


def test_the_gateway_stands_before_the_provider_and_its_store_goes_with_it():
    with simulated_provider() as provider:
        with demo_gateway(provider, port=0, ticket_nanos=10**7, burst_nanos=10**7) as gateway:
            reply = asyncio.run(post(gateway.url, "/v1/chat/completions", BODY, {}))
            assert reply.status == 200
            store = path_of(gateway.settings)
            assert Path(store).exists()
            assert [budget.name for budget in gateway.settings.budgets] == ["support, monthly", "each ticket", "burst"]
        assert not Path(store).parent.exists()
        assert provider.bill.entries[0].key == PROVIDER_KEY[-4:]
        with urllib.request.urlopen(f"{provider.url}/_sim/bill") as answer:
            assert json.load(answer)["nanos"] == billed(provider.bill.entries).nanos > 0


def test_bills_add_up():
    with simulated_provider() as provider:
        for _ in range(3):
            asyncio.run(post(provider.url, "/v1/chat/completions", BODY, {"authorization": "Bearer x"}))
        entries = provider.bill.entries
    assert total(billed((entry,)) for entry in entries) == billed(entries)
