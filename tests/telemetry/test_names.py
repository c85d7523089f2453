"""Names of others: what is known is mapped, what is not is passed on."""

import pytest

from farthing.domain.record import CallOpening
from farthing.domain.usage import Usage
from farthing.telemetry.names import TOKENS, operation_of, provider_of


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("openai", "openai"), ("Azure", "azure.ai.openai"), ("mistral", "mistral_ai"), ("my-own", "my-own")],
)
def test_a_provider_has_its_well_known_name_or_its_own(ours, theirs):
    assert provider_of(ours) == theirs
    assert provider_of(theirs) == theirs


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        ("openai-chat", "chat"),
        ("anthropic-messages", "chat"),
        ("openai-embeddings", "embeddings"),
        ("tool", "execute_tool"),
    ],
)
def test_a_dialect_is_an_operation(dialect, operation):
    assert operation_of(CallOpening(id=1, arrived_ms=1, dialect=dialect)) == operation


def test_every_count_with_a_name_is_a_count_of_usage_and_no_name_is_used_twice():
    assert set(TOKENS) <= set(Usage.__struct_fields__)
    every = [name for called in TOKENS.values() for name in called]
    assert len(set(every)) == len(every)
