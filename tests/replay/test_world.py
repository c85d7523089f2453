"""Policies wired: keys trust what they may, prices change only where the policy changes them."""

import msgspec

from farthing.domain.key import Key
from farthing.ports.directory import Stored
from farthing.replay.world import World, with_providers
from support.past_calls import a_call, a_world


def test_the_makers_are_there_where_no_provider_is_configured():
    providers = a_world().rules.providers
    assert [provider.name for provider in providers] == ["openai", "anthropic", "gemini"]


def test_configured_providers_are_the_only_ones():
    policy = a_world('[providers.mine]\nformat = "openai"\n').policy
    assert [provider.name for provider in with_providers(policy).providers] == ["mine"]


def test_a_record_stands_where_the_price_of_its_model_does():
    call = a_call()
    assert a_world().stands(call).cost_nanos == call.cost_nanos
    other = '[[prices]]\nmodel = "other"\ninput = 1\noutput = 1\n'
    assert a_world(other).stands(call) is not None
    assert a_world(other.replace("other", "gpt-4o")).stands(call) is None
    assert a_world().stands(a_call(usage=None)) is None


def test_a_price_that_is_taken_away_is_a_change_too():
    own = '[[prices]]\nmodel = "house-model"\ninput = 1\noutput = 1\n'
    call = msgspec.structs.replace(a_call(), model="house-model", sent_model="house-model")
    assert a_world(base=own).stands(call) is not None
    assert a_world(policy="prices = []", base=own).stands(call) is None


def test_a_key_chooses_budgets_by_what_it_may_set():
    world = a_world()
    key = Key(id="k", name="bot", digest="d", labels=(("team", "a"),), may_set=("user",))
    world = World(world.policy, world.policy, Stored(version=1, keys=(key,)))
    caller = world.arrival(a_call(key="bot"), 5).caller
    assert caller.trusted == {"team", "user"}
    assert world.arrival(a_call(key="gone"), 5).caller.trusted is None


def test_the_same_tables_are_the_same_policy():
    budget = '[[budgets]]\nname = "all"\nlimit = "1 USD"\n'
    assert a_world(budget, base=budget).recorded
    assert not a_world(budget.replace("1 USD", "2 USD"), base=budget).recorded


def test_an_arrival_is_the_recorded_call_at_another_time():
    call = a_call(run="r", dialect="anthropic-messages", route="/v1/messages")
    arrival = a_world().arrival(call, 7)
    assert (arrival.id, arrival.arrived_ms, arrival.path, arrival.dialect.format) == (
        call.id,
        7,
        "/v1/messages",
        "anthropic",
    )
    assert arrival.caller.labels == call.labels
