"""Which provider's prices a host has, and which calls would go astray."""

import pytest

from farthing.sdk.door import is_astray, name_of, store_of
from support.sdk_world import sdk


@pytest.mark.parametrize(
    ("host", "format", "name"),
    [
        ("api.openai.com", "openai", "openai"),
        ("api.groq.com", "openai", "groq"),
        ("corp.openai.azure.com", "openai", "azure"),
        ("proxy.example", "anthropic", "anthropic"),
    ],
)
def test_a_host_has_the_prices_of_its_provider(host, format, name):
    assert name_of(host, format) == name


def test_a_run_that_is_counted_elsewhere_is_not_called_in_the_name_of():
    with sdk(run="r"):
        assert is_astray("api.openai.com")
        assert not is_astray("127.0.0.1"), "a gateway on this machine counts it, as under `farthing run`"
    with sdk(run="r", store="farthing.db"):
        assert not is_astray("api.openai.com")
    with sdk():
        assert not is_astray("api.openai.com")


def test_without_a_budget_the_environment_names_the_store():
    with sdk(store="farthing.db"):
        assert store_of(None) == "farthing.db"
