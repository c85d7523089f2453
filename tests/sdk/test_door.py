"""Which provider's prices a host has, and which calls would go astray."""

from pathlib import Path

import openai
import pytest

import farthing
from farthing.sdk.door import is_astray, name_of, say_regional, store_of
from support.maker_scenarios import CHAT
from support.sdk_world import httpx_of, sdk


@pytest.mark.parametrize(
    ("host", "format", "name"),
    [
        ("api.openai.com", "openai", "openai"),
        ("api.groq.com", "openai", "groq"),
        ("corp.openai.azure.com", "openai", "azure"),
        ("proxy.example", "anthropic", "anthropic"),
        ("eu.api.openai.com", "openai", "openai-regional"),
        ("api.openai.com.evil.example", "openai", "openai"),
    ],
)
def test_a_host_has_the_prices_of_its_provider(host, format, name):
    assert name_of(host, format) == name


def test_a_regional_host_is_told_of_once(caplog):
    say_regional.cache_clear()
    for _ in "ab":
        name_of("us.api.openai.com", "openai")
        farthing.wrap(openai.OpenAI(api_key="k", base_url="https://us.api.openai.com/v1"))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "us.api.openai.com is regional" in record.message
    assert "[[prices]]" in record.message


def test_at_a_regional_host_a_budget_in_dollars_refuses_what_no_configuration_prices(tmp_path):
    """The same model has a price at api.openai.com; nothing is sent."""
    sent = []
    config = tmp_path / "farthing.toml"
    for prices, code in (("", "unpriced_model"), (PRICED, "budget_exceeded")):
        config.write_text(prices)
        bare = openai.OpenAI(api_key="k", base_url="https://eu.api.openai.com/v1")
        with sdk(config=str(config)), farthing.budget("$0.0000001"), pytest.raises(farthing.Refused) as caught:
            farthing.wrap(refusing(bare, sent)).chat.completions.create(**CHAT)
        assert caught.value.code == code
    assert not sent


PRICED = '[[prices]]\nmodel = "gpt-4o-mini"\nprovider = "openai-regional"\ninput = 0.165\noutput = 0.66\n'


def refusing(client, sent):
    """The same client, whose requests lead nowhere."""
    http = httpx_of(client)
    return client.copy(http_client=http.Client(transport=http.MockTransport(sent.append)))


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
        assert store_of(None) == str(Path("farthing.db").absolute())
