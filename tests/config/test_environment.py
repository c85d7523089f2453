"""The environment: settings by name, providers by their clients' own variables, and slips of the pen."""

from farthing.config.environment import misspelt, overrides, providers, variables


def test_every_setting_of_a_plain_table_has_a_variable():
    found = dict(variables())
    assert found["FARTHING_STORE_URL"] == ("store", "url")
    assert found["FARTHING_GATEWAY_MAX_BODY"] == ("gateway", "max_body")
    assert found["FARTHING_OUTPUT_DEFAULT_CAP"] == ("output", "default_cap")
    assert not [
        name for name in found if name.startswith(("FARTHING_BUDGETS", "FARTHING_PROVIDERS", "FARTHING_CACHE_"))
    ]


def test_text_that_looks_like_a_number_is_one():
    found = overrides(
        {"FARTHING_GATEWAY_PORT": "80_80", "FARTHING_GATEWAY_HOST": "10.0.0.1", "FARTHING_GATEWAY_DRAIN": "5s"}
    )
    assert [(one.setting, one.value) for one in found] == [("drain", "5s"), ("host", "10.0.0.1"), ("port", 8080)]
    assert found[0].origin == "environment variable FARTHING_GATEWAY_DRAIN"


def test_variables_that_mean_something_elsewhere_change_nothing():
    environment = {"FARTHING_STORE": "memory:", "FARTHING_RUN": "r1", "PATH": "/bin", "FARTHING_TEAM_KEY": "k"}
    assert overrides(environment) == []
    assert misspelt(environment, frozenset({"FARTHING_TEAM_KEY"})) == []


def test_a_variable_that_nothing_reads_is_warned_of_with_the_nearest():
    (found,) = misspelt({"FARTHING_GATEWAY_PROT": "1"}, frozenset())
    assert str(found) == (
        "environment variable FARTHING_GATEWAY_PROT: is not a setting and is ignored; did you mean `FARTHING_GATEWAY_PORT`?"
    )


def test_providers_are_those_whose_clients_would_work_here():
    assert providers({}) == {}
    assert providers({"OPENAI_API_KEY": "", "GEMINI_API_KEY": "g"}) == {
        "gemini": {"format": "gemini", "api_key": "env:GEMINI_API_KEY"}
    }
    both = {"GEMINI_API_KEY": "g", "GOOGLE_API_KEY": "h", "GOOGLE_GEMINI_BASE_URL": "u"}
    assert providers(both) == {
        "gemini": {"format": "gemini", "api_key": "env:GOOGLE_API_KEY", "base_url": "env:GOOGLE_GEMINI_BASE_URL"}
    }
    assert providers({"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "u", "OPENAI_BASE_URL": "v"}) == {
        "openai": {"format": "openai", "base_url": "env:OPENAI_BASE_URL"},
        "anthropic": {"format": "anthropic", "api_key": "env:ANTHROPIC_API_KEY", "base_url": "env:ANTHROPIC_BASE_URL"},
    }
