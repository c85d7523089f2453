"""What one call is handed: the engine's rules, and its own client's provider as the only one."""

from farthing.call.arrival import Provider
from farthing.sdk.desk import CallDesk, ProviderRules
from farthing.sdk.engine import local_engine
from support.sdk_world import sdk


def provider(name="openai"):
    return Provider(name=name, format="openai", origin=f"https://{name}", base_path="/v1", retries=0)


def test_rules_are_remembered_while_they_are_in_force():
    with sdk():
        engine, seen = local_engine().engine, ProviderRules()
        first = seen.of(engine.rules, provider())
        assert first.providers == (provider(),)
        assert seen.of(engine.rules, provider()) is first
        assert seen.of(engine.rules, provider("groq")).providers == (provider("groq"),)


def test_a_call_counts_its_drains_on_the_engine():
    with sdk():
        engine = local_engine().engine
        desk = CallDesk(engine, ProviderRules(), provider(), None)
        desk.draining += 1
        assert engine.draining == 1
        assert desk.guards is engine.guards
        assert desk.ledger is engine.ledger
        desk.draining -= 1
