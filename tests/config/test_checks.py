"""Checks: contradictions are refused, ways around a budget and unsafe settings are warned of, each at its line."""

import pytest

from farthing.domain.errors import BadConfig
from support.configs import load_text, problems, warnings

EUROS = '[currencies.EUR]\nrates = { "2026-11-01" = 1.08 }\n[[budgets]]\nname = "a"\n'
PROVIDER = '[providers.openai]\nformat = "openai"\napi_key = "env:OPENAI_API_KEY"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[store]\nurl = "postgresql://db/x"', "2: store.url: postgresql is not active in this version"),
        ('[store]\nurl = "farthing.db"', "2: store.url: must be like sqlite:///farthing.db"),
        ('[store]\nurl = "sqlite:///"', "2: store.url: must be like"),
        ('[[budgets]]\nname = "a"', "1: budgets[0]: limits nothing"),
        ('[[budgets]]\nname = "a"\ncalls = 1\ncurrency = "EUR"', "4: budgets[0].currency: no rates for EUR"),
        ('[[budgets]]\nname = "a"\nlimit = "5 EUR"', "3: budgets[0].limit: no rates for EUR"),
        (EUROS + 'limit = "5 USD"\ncurrency = "EUR"', "5: budgets[0].limit: is in USD, and the budget in EUR"),
        (EUROS + 'limit = "5 EUR"\nper_call = "1 USD"', "6: budgets[0].per_call: is in USD"),
        ('[currencies.EURO]\nrates = { "2026-11-01" = 1.08 }', "1: currencies.EURO: is not the code of a currency"),
        ('[currencies.USD]\nrates = { "2026-11-01" = 1 }', "1: currencies.USD: is what prices are in"),
        ('[currencies.EUR]\nrates = { "1 November" = 1 }', "2: currencies.EUR.rates: '1 November' is not a date"),
        (
            '[[budgets]]\nname = "a"\ncalls = 1\nsoft = [{ at = 0.5, do = ["land"] }]\nhard = "off"',
            "4: budgets[0].soft[0].do: refuses calls",
        ),
        (
            '[[budgets]]\nname = "a"\ncalls = 1\nsoft = [{ at = 0.5, do = ["alert"] }, { at = 0.5, do = ["hint"] }]',
            "4: budgets[0].soft[1].at: is named twice",
        ),
        (
            '[[budgets]]\nname = "a"\ncalls = 1\nsoft = [{ at = 0.5, do = [] }]',
            "4: budgets[0].soft[0].do: does nothing",
        ),
        (
            '[[budgets]]\nname = "a"\ncalls = 1\n[[budgets]]\nname = "b"\ncalls = 1\nwas = "a"',
            "7: budgets[1].was: 'a' is the name of a budget here",
        ),
        ('[[budgets]]\nname = "a"\ncalls = 1\nwait = "2h"', "4: budgets[0].wait: is longer than an hour"),
        (
            '[[budgets]]\nname = "a"\ncalls = 1\n[[budgets]]\nname = "a"\ncalls = 2',
            "5: budgets[1].name: is the same as in budgets[0]",
        ),
        ('[[keys]]\nname = "k"\nsecret = "short"', "3: keys[0].secret: must have at least 16"),
        (f'[[keys]]\nname = "k"\nsecret = "{"ü" * 20}"', "3: keys[0].secret: must have at least 16"),
        (
            '[[keys]]\nname = "k"\nsecret = "env:BOT_KEY"\nrequire = ["team"]',
            "4: keys[0].require: 'team' can never be given",
        ),
        (
            '[[keys]]\nname = "k"\nsecret = "env:BOT_KEY"\nlabels = { team = "a" }\nmay_set = ["team"]',
            "5: keys[0].may_set: 'team' is bound",
        ),
        (
            '[[keys]]\nname = "a"\nsecret = "env:BOT_KEY"\n[[keys]]\nname = "b"\nsecret = "env:BOT_KEY"',
            "6: keys[1].secret: is the same as in keys[0]",
        ),
        ('[providers.a]\nformat = "openai"\nmodels = ["a*b"]', "3: providers.a.models: 'a*b'"),
        ('[providers.a]\nformat = "openai"\nproxy = "socks5://x"', "3: providers.a.proxy: must be like"),
        (
            '[providers.a]\nformat = "openai"\nbase_url = "http://localhost:4141/v1"',
            "3: providers.a.base_url: http://localhost:4141/v1 is this gateway itself",
        ),
        (
            '[[prices]]\nmodel = "a"\ninput = 1\n[[prices]]\nmodel = "b"\ninput = -1',
            "6: prices[1].input: must be between",
        ),
        ('[[prices]]\nmodel = "b"\ninptu = 1', "3: prices[0].inptu: is not a setting"),
        ('[[prices]]\nmodel = "b"\ninput = 0.0000001', "3: prices[0].input: 1E-7 is finer than a pico-dollar"),
        (
            '[[prices]]\nmodel = "b"\ninput = 1\n[[prices]]\nmodel = "b"\ninput = 2',
            "5: prices[1].model: 'b' is priced twice",
        ),
    ],
)
def test_a_contradiction_is_refused_at_its_line(tmp_path, text, problem):
    (found,) = problems(tmp_path, text)
    assert found.startswith(f"farthing.toml:{problem}")


def test_a_mistake_in_each_price_is_told(tmp_path):
    assert len(problems(tmp_path, '[[prices]]\nmodel = "a"\ninput = -1\n[[prices]]\nmodel = "b"\ninput = "x"')) == 2


def test_a_gateway_on_another_port_may_be_a_provider(tmp_path):
    text = '[providers.a]\nformat = "openai"\nbase_url = "http://localhost:4141/v1"\n[gateway]\nport = 4242\n'
    assert problems(tmp_path, text) == []


def test_the_environment_cannot_point_the_gateway_at_itself(tmp_path):
    with pytest.raises(BadConfig, match=r"environment: providers\.openai\.base_url: .* this gateway itself"):
        load_text(tmp_path, "", {"OPENAI_BASE_URL": "http://127.0.0.1:4141/v1"})


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("", "no provider: set OPENAI_API_KEY"),
        ('[providers.a]\nformat = "openai"\napi_key = "sk-1"', "3: providers.a.api_key: is written out"),
        (
            '[providers.a]\nformat = "openai"\napi_key = "env:OPENAI_API_KEY"\nbase_url = "http://llm.example/v1"',
            "4: providers.a.base_url: is not https",
        ),
        (
            PROVIDER + '[[budgets]]\nname = "a"\ncalls = 1\nmatch = { team = "x" }',
            "4: budgets[0]: callers can avoid 'a'",
        ),
        (
            PROVIDER + '[[keys]]\nname = "k"\nsecret = "env:BOT_KEY"',
            "4: keys[0]: calls with the key 'k' are limited by no budget",
        ),
        (
            PROVIDER + '[[budgets]]\nname = "all"\ncalls = 1\n[[keys]]\nname = "k"\nsecret = "0123456789abcdef"',
            "9: keys[0].secret: is written out",
        ),
        (PROVIDER + '[gateway]\nhost = "0.0.0.0"', "5: gateway.host: without keys every caller but this machine"),
        (
            PROVIDER + '[[budgets]]\nname = "a"\ncalls = 1\nsoft = [{ at = 0.5, do = ["downgrade"] }]',
            "7: budgets[0].soft: downgrade finds no cheaper model",
        ),
        (
            PROVIDER + '[[budgets]]\nname = "a"\ncalls = 1\nsoft = [{ at = 0.5, do = ["compress"] }]',
            "7: budgets[0].soft: compress is not active",
        ),
    ],
)
def test_what_deserves_a_look_is_warned_of_at_its_line(tmp_path, text, warning):
    (found,) = warnings(load_text(tmp_path, text, {"OPENAI_API_KEY": "x", "BOT_KEY": "b" * 32} if text else {}))
    assert found.removeprefix("farthing.toml:").lstrip().startswith(warning)


def test_a_clean_configuration_has_no_warnings(tmp_path):
    text = (
        PROVIDER
        + """
        [[budgets]]
        name = "all"
        limit = "$5"
        window = "day"
        [[budgets]]
        name = "support"
        match = { team = "support" }
        limit = "$1"
        each = "user"
        [[keys]]
        name = "bot"
        secret = "env:BOT_KEY"
        labels = { team = "support" }
        may_set = ["user"]
        """.replace("\n        ", "\n")
    )
    assert warnings(load_text(tmp_path, text)) == []
