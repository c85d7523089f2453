"""One run's gateway: who may use it, and how a command is led to it."""

from pathlib import Path

from farthing.cli.budgets.words import budget_settings
from farthing.cli.private import private_gateway
from farthing.config.load import load

URL = "http://127.0.0.1:5555"


def private(environment: dict[str, str], *, pass_through: bool = False, labels=(), config: Path | None = None):
    return private_gateway(
        load(config, environment),
        run="run-1",
        labels=labels,
        budget=budget_settings("farthing run run-1", {"limit": "$5"}),
        pass_through=pass_through,
        secret="fr_secret",
    )


def test_a_provider_key_stays_with_the_gateway_and_the_command_gets_the_runs_own():
    outer = {"OPENAI_API_KEY": "sk-real", "PATH": "/bin"}
    made = private(outer)
    (key,) = made.settings.keys
    assert key.secret.reveal() == "fr_secret"
    inner = made.environment(URL, outer)
    assert inner["OPENAI_API_KEY"] == "fr_secret"
    assert "sk-real" not in inner.values()
    assert "ANTHROPIC_API_KEY" not in inner
    assert inner["PATH"] == "/bin"


def test_all_base_urls_lead_to_the_gateway_so_that_no_call_goes_past_it():
    inner = private({"OPENAI_API_KEY": "sk"}).environment(URL, {})
    assert inner["OPENAI_BASE_URL"] == f"{URL}/v1"
    assert inner["ANTHROPIC_BASE_URL"] == inner["GOOGLE_GEMINI_BASE_URL"] == URL
    assert inner["FARTHING_RUN"] == "run-1"


def test_labels_are_bound_to_the_runs_key():
    (key,) = private({"OPENAI_API_KEY": "sk"}, labels=(("team", "a"),)).settings.keys
    assert key.labels == (("run", "run-1"), ("team", "a"))
    assert "team" not in key.may_set
    assert "user" in key.may_set


def test_a_token_that_would_be_presented_in_place_of_the_key_is_taken_away():
    outer = {"ANTHROPIC_API_KEY": "sk", "ANTHROPIC_AUTH_TOKEN": "t"}
    assert "ANTHROPIC_AUTH_TOKEN" not in private(outer).environment(URL, outer)
    outer = {"GEMINI_API_KEY": "g", "GOOGLE_API_KEY": "other"}
    inner = private(outer).environment(URL, outer)
    assert (inner["GEMINI_API_KEY"], "GOOGLE_API_KEY" in inner) == ("fr_secret", False)
    outer = {"OPENAI_API_KEY": "sk", "ANTHROPIC_AUTH_TOKEN": "t"}
    assert private(outer).environment(URL, outer)["ANTHROPIC_AUTH_TOKEN"] == "t"


def test_without_a_provider_key_the_commands_own_credentials_pass_through():
    made = private({}, labels=(("team", "a"),))
    assert (made.secret, made.settings.keys) == ("", ())
    assert {provider.format for provider in made.settings.providers} == {"openai", "anthropic", "gemini"}
    inner = made.environment(URL, {"ANTHROPIC_AUTH_TOKEN": "mine"})
    assert inner["ANTHROPIC_AUTH_TOKEN"] == "mine"
    assert inner["ANTHROPIC_CUSTOM_HEADERS"] == "x-farthing-labels: run=run-1,team=a"


def test_pass_through_can_be_asked_for_and_then_the_gateway_holds_no_key():
    outer = {"OPENAI_API_KEY": "sk-real", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    made = private(outer, pass_through=True)
    assert not any(provider.api_key for provider in made.settings.providers)
    assert made.settings.providers[0].base_url == "http://127.0.0.1:9/v1"
    assert made.environment(URL, outer)["OPENAI_API_KEY"] == "sk-real"


def test_codex_finds_the_key_where_it_alone_looks():
    outer = {"OPENAI_API_KEY": "sk-real"}
    assert private(outer).environment(URL, outer)["CODEX_API_KEY"] == "fr_secret"
    assert private(outer, pass_through=True).environment(URL, outer)["CODEX_API_KEY"] == "sk-real"


def test_headers_of_ones_own_are_kept_beside_the_labels():
    inner = private({}).environment(URL, {"ANTHROPIC_CUSTOM_HEADERS": "x-a: b"})
    assert inner["ANTHROPIC_CUSTOM_HEADERS"] == "x-a: b\nx-farthing-labels: run=run-1"


def test_loopback_is_never_reached_through_a_proxy():
    inner = private({}).environment(URL, {"NO_PROXY": "intranet"})
    assert inner["NO_PROXY"] == "intranet,127.0.0.1,localhost,::1"
    assert inner["no_proxy"] == "127.0.0.1,localhost,::1"


def test_it_listens_on_a_free_loopback_port_whatever_the_file_says(tmp_path):
    file = tmp_path / "f.toml"
    file.write_text('[gateway]\nhost = "0.0.0.0"\nport = 80\n[[budgets]]\nname = "all"\nlimit = "1 USD"\n')
    made = private({}, config=file)
    assert (made.settings.gateway.host, made.settings.gateway.port) == ("127.0.0.1", 0)
    assert [budget.name for budget in made.settings.budgets] == ["all", "farthing run run-1"]
