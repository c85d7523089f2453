"""What the demonstration measures, on a small scale."""

import asyncio

import pytest

from farthing.cli.demonstration import acts
from farthing.cli.demonstration.tickets import TICKETS
from farthing.cli.demonstration.world import demo_gateway, simulated_provider


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(acts, "TICKETS", TICKETS[:1])
    monkeypatch.setattr(acts, "BURST", 12)


def test_ledger_account_and_bill_agree(small):
    with simulated_provider() as provider:
        one = asyncio.run(acts.price_of_one(provider))
        with demo_gateway(provider, port=0, ticket_nanos=50_000_000, burst_nanos=3 * one) as gateway:
            shift = asyncio.run(acts.work(provider, gateway.url, "team=support", lambda *_: None))
            assert acts.ledgered(gateway, "support, monthly").posted == shift.bill.nanos
            account = acts.account_of(provider, gateway, "ticket-1")
            assert account.agrees
            assert account.receipt.calls == 3
            seen = []
            burst = asyncio.run(acts.burst(provider, gateway, 3 * one, seen.append))
    assert sorted(seen) == list(range(1, 13))
    assert burst.paid + burst.refused == 12
    assert burst.ledger == acts.Ledgered(posted=burst.bill.nanos, open=0)
    assert burst.overspend == 0
    assert burst.most_requests_after_no == 1


def test_without_anyone_who_counts_everything_is_answered(small):
    with simulated_provider() as provider:
        one = asyncio.run(acts.price_of_one(provider))
        assert asyncio.run(acts.burst_direct(provider)).nanos == 12 * one
