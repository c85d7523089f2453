"""The agent loop, straight to the simulated provider."""

import asyncio

from farthing.cli.demonstration.agent import MOST_STEPS, resolve
from farthing.cli.demonstration.model import support_model
from farthing.cli.demonstration.tickets import TICKETS
from farthing.testing import SimulatedProvider

KEY = {"authorization": "Bearer x"}


def work(ticket, faults=()):
    steps = []
    with SimulatedProvider(script=support_model, faults=faults).in_thread() as provider:
        outcome = asyncio.run(resolve(ticket, provider.url, KEY, lambda _, calls: steps.append(calls)))
        return outcome, steps, len(provider.bill)


def test_a_ticket_is_resolved_with_its_tools():
    outcome, steps, calls = work(TICKETS[0])
    assert outcome.resolved
    assert "34.50" in outcome.answer
    assert steps == [1, 2, 3]
    assert outcome.calls == calls == 3


def test_the_runaway_goes_on_until_the_agents_own_limit():
    outcome, _, calls = work(next(ticket for ticket in TICKETS if ticket.runaway))
    assert not outcome.resolved
    assert outcome.refusal == {}
    assert outcome.calls == calls == MOST_STEPS


def test_a_refusal_ends_the_ticket_with_its_words():
    outcome, _, _ = work(TICKETS[0], faults=(None, "400"))
    assert (outcome.resolved, outcome.calls, outcome.requests_after_no) == (False, 1, 1)
    assert outcome.refusal["status"] == 400
