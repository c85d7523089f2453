"""Every client as people use it, before a gateway: its task succeeds, its cost is the provider's, its refusal is ours.

Requests are counted at the gateway's own socket, with every retry that the client makes by default.
"""

import pytest

from farthing.domain.money import usd
from support.client_matrix import BROKE, ENOUGH, OURS, installed, noted, scene
from support.clients import CLIENTS, perform

pytestmark = pytest.mark.slow
EVERY = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)


@pytest.fixture(scope="module")
def open_gateway(tmp_path_factory):
    with scene(tmp_path_factory.mktemp("open"), ENOUGH) as made:
        yield made


@pytest.fixture(scope="module")
def broke_gateway(tmp_path_factory):
    with scene(tmp_path_factory.mktemp("broke"), BROKE) as made:
        yield made


@EVERY
def test_its_task_succeeds_and_its_cost_is_the_providers_to_the_nano_dollar(open_gateway, tmp_path, client):
    version = installed(client)
    gateway, provider, front = open_gateway
    open_gateway.reset()
    before, known = gateway.posted("all"), {call.id for call in gateway.engine.records.recent(limit=1_000)}
    done = perform(client, front.url, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    posted = gateway.posted("all") - before
    calls = [call for call in gateway.engine.records.recent(limit=1_000) if call.id not in known]
    assert gateway.open("all") == 0
    assert posted == provider.bill.nanos > 0
    assert {call.outcome for call in calls} == {"paid"}, "everything it asked was understood, here and there"
    assert len(calls) == len(open_gateway.asked) == len(provider.bill), "every request to a model was governed"
    streams = [entry.stream for entry in provider.bill]
    assert any(streams), "it read a stream"
    assert any(b"A-1001" in request.body and b"tool" in request.body for request in provider.requests), "it used a tool"
    noted(client, version=version, calls=len(calls), ours=usd(posted), theirs=usd(provider.bill.nanos))


@EVERY
def test_at_the_end_of_a_budget_it_sends_one_request_and_shows_our_words(broke_gateway, tmp_path, client):
    installed(client)
    broke_gateway.reset()
    done = perform(client, broke_gateway.front.url, tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert len(broke_gateway.asked) == 1, said
    assert OURS in said.replace("\\'", "'")
    assert broke_gateway.provider.bill.nanos == 0
    noted(client, refused=len(broke_gateway.asked), shown=shown(said))


def shown(text):
    """The line in which our words stand, from where they begin to the end of their sentence."""
    found = text.replace("\\'", "'")
    return found[found.index(OURS) :].partition(":")[0]
