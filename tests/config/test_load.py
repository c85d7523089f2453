"""Loading: defaults, file, environment and flags in order; every mistake at once, each with its file and line."""

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farthing.config.load import load, read_file
from farthing.config.problems import BadConfigs
from farthing.domain.errors import BadConfig
from support.configs import load_text, problems

KEYS = {"OPENAI_API_KEY": "sk-openai", "ANTHROPIC_API_KEY": "sk-anthropic"}


def test_without_a_file_it_works_from_the_environment():
    found = load(None, KEYS)
    assert [(one.name, one.format, one.base_url, one.api_key.reveal()) for one in found.providers] == [
        ("openai", "openai", "https://api.openai.com/v1", "sk-openai"),
        ("anthropic", "anthropic", "https://api.anthropic.com", "sk-anthropic"),
    ]
    assert (found.store.url, found.gateway.host, found.gateway.port) == ("sqlite:///farthing.db", "127.0.0.1", 4141)
    assert found.file == ""


def test_what_follows_from_a_mistake_is_no_second_one(tmp_path):
    assert problems(tmp_path, '[[budgets]]\nname = "a"\nlimit = "much"') == [
        "farthing.toml:3: budgets[0].limit: 'much' is not an amount of money; write it like '$1.50' or '500 USD'"
    ]
    (only,) = problems(tmp_path, '[[budgets]]\nname = "a"\nlimti = "5 USD"')
    assert "did you mean `limit`?" in only
    found = problems(tmp_path, '[[budgets]]\nname = "a"\nlimit = "much"\n[[budgets]]\nname = "b"')
    assert [line.split(": ")[1] for line in found] == ["budgets[0].limit", "budgets[1]"]


def test_a_base_url_in_the_environment_is_used():
    found = load(None, {"OPENAI_BASE_URL": "http://localhost:11434/v1/"})
    assert (found.providers[0].base_url, found.providers[0].api_key) == ("http://localhost:11434/v1", None)


def test_a_file_that_names_providers_is_the_only_one_to_do_so(tmp_path):
    text = '[providers.mine]\nformat = "openai"\nbase_url = "https://llm.example/v1"\n'
    assert [one.name for one in load_text(tmp_path, text, KEYS).providers] == ["mine"]
    assert [one.name for one in load_text(tmp_path, "[gateway]\nport = 1\n", KEYS).providers] == ["openai", "anthropic"]


def test_defaults_give_way_to_the_file_the_file_to_the_environment_and_that_to_flags(tmp_path):
    text = "[gateway]\nport = 1\n"
    assert load(None, {}).gateway.port == 4141
    assert load_text(tmp_path, text).gateway.port == 1
    assert load_text(tmp_path, text, {"FARTHING_GATEWAY_PORT": "2"}).gateway.port == 2
    assert load_text(tmp_path, text, {"FARTHING_GATEWAY_PORT": "2"}, **{"gateway.port": 3}).gateway.port == 3
    assert load_text(tmp_path, text, {}, **{"gateway.port": None}).gateway.port == 1


def test_each_value_knows_where_it_came_from(tmp_path):
    text = '[gateway]\nport = 1\nhost = "::1"\ndrain = "5s"\n\n[[budgets]]\nname = "all"\nlimit = "$1"\n'
    found = load_text(tmp_path, text, {"FARTHING_GATEWAY_PORT": "2", **KEYS}, **{"gateway.host": "localhost"})
    file = str(tmp_path / "farthing.toml")
    assert found.origins["gateway.port"] == "environment variable FARTHING_GATEWAY_PORT"
    assert found.origins["gateway.host"] == "command line"
    assert found.origins["gateway.drain"] == f"{file}:4"
    assert found.origins["budgets[0].limit"] == f"{file}:8"
    assert found.origins["providers.openai.api_key"] == "environment"
    assert "store.url" not in found.origins


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path):
    found = problems(
        tmp_path,
        """\
        [stroe]
        url = "x"
        [providers.openai]
        format = "openia"
        [[budgets]]
        name = "a"
        limit = "5 EUR"
        windw = "day"

        [[budgets]]
        limit = "$1"
        window = "year"
        [gateway]
        port = "4141"
        """,
    )
    lines = [int(line.split(":")[1]) for line in found]
    assert lines == sorted(lines)
    text = "\n".join(found)
    for part in (
        "farthing.toml:1: stroe: is not a setting; did you mean `store`?",
        "farthing.toml:7: budgets[0].limit: no rates for EUR: add [currencies.EUR]",
        "farthing.toml:8: budgets[0].windw: is not a setting; did you mean `window`?",
        "farthing.toml:10: budgets[1]: `name` is missing",
        "farthing.toml:12: budgets[1].window: 'year' is not a window",
        "farthing.toml:14: gateway.port: must be a port",
        "providers.openai.format: 'openia' is not possible; write one of openai, anthropic, gemini",
    ):
        assert part in text


def test_the_exception_is_a_bad_config_with_the_place_of_the_first_problem(tmp_path):
    with pytest.raises(BadConfig) as caught:
        load_text(tmp_path, "\n[output]\ndefault_cap = 0\n[x]\n")
    assert isinstance(caught.value, BadConfigs)
    assert (caught.value.line, caught.value.field, len(caught.value.problems)) == (3, "output.default_cap", 2)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]


def test_a_file_that_is_not_there_or_is_no_toml_is_told_with_its_place(tmp_path):
    with pytest.raises(BadConfigs, match="farthing init"):
        load(tmp_path / "farthing.toml", {})
    assert problems(tmp_path, "[a]\nb = 1\nb = 2\n")[0].startswith(
        "farthing.toml:3: is not valid TOML: Cannot overwrite"
    )
    assert problems(tmp_path, "[a]\nb = ")[0].startswith("farthing.toml:2: is not valid TOML: ")
    (tmp_path / "farthing.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(BadConfigs, match="UTF-8"):
        read_file(tmp_path / "farthing.toml")


def test_an_environment_variable_that_cannot_be_accepted_is_named(tmp_path):
    found = problems(tmp_path, "[gateway]\nport = 1\n", {"FARTHING_GATEWAY_PORT": "many"})
    assert found == [
        "environment variable FARTHING_GATEWAY_PORT: gateway.port: must be a port, 0 to 65535 (0: any free one)"
    ]


def test_a_reference_that_leads_nowhere_is_told_by_name(tmp_path):
    text = '[providers.a]\nformat = "openai"\napi_key = "env:NO_SUCH_KEY"\n'
    (found,) = problems(tmp_path, text)
    assert "farthing.toml:3: providers.a.api_key" in found
    assert "NO_SUCH_KEY" in found


def test_a_file_reference_is_relative_to_the_configuration_file(tmp_path):
    (tmp_path / "key.txt").write_text("sk-from-file\n")
    found = load_text(tmp_path, '[providers.a]\nformat = "openai"\napi_key = "file:key.txt"\n')
    assert found.providers[0].api_key.reveal() == "sk-from-file"


def test_no_secret_shows_in_settings_origins_or_errors(tmp_path):
    canary = "canary-0123456789abcdef"
    text = """\
        [providers.a]
        format = "openai"
        api_key = "env:CANARY"
        headers = { x-secret = "canary-0123456789abcdef" }
        proxy = "http://u:canary-0123456789abcdef@proxy.example:1"
        [[keys]]
        name = "k"
        secret = "canary-0123456789abcdef"
        """
    found = load_text(tmp_path, text, {"CANARY": canary})
    assert canary not in repr(found) + str(dict(found.origins)) + "\n".join(map(str, found.warnings))
    assert found.keys[0].secret.reveal() == found.providers[0].headers[0][1].reveal() == canary
    assert canary not in "\n".join(
        problems(tmp_path, text + "        require = ['x']\n        rights = 5\n", {"CANARY": canary})
    )


tables = st.recursive(
    st.one_of(
        st.integers(-5, 5),
        st.booleans(),
        st.sampled_from(["nan", "1.5", "2026-11-01"]).map(lambda text: text),
        st.text(string.ascii_lowercase + ":/*$ ", max_size=8).map(lambda text: f'"{text}"'),
    ).map(lambda value: str(value).lower() if not isinstance(value, str) else value),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from(["name", "at", "do", "ttl", "team", "url", "model", "input"]), inner, max_size=3
        ).map(lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"),
    ),
    max_leaves=5,
)
sections = st.sampled_from([
    "store", "providers", "budgets", "keys", "prices", "limits", "routes", "cache", "output", "guard", "alerts",
    "tiers", "record", "gateway", "telemetry", "currencies", "admin", "prefix", "context", "nonsense",
])  # fmt: skip
names = st.sampled_from(
    [
        "name",
        "limit",
        "match",
        "soft",
        "secret",
        "labels",
        "may_set",
        "url",
        "exact",
        "format",
        "port",
        "when",
        "use",
        "model",
        "a",
    ]
)


@given(
    st.dictionaries(
        sections, st.one_of(tables, st.tuples(st.booleans(), st.dictionaries(names, tables, max_size=4))), max_size=4
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_says_it_is_accepted_or_its_problems_are_told_with_lines(tmp_path_factory, written):
    plain = "".join(f"{name} = {value}\n" for name, value in written.items() if isinstance(value, str))
    lists = "".join(
        (f"[[{name}]]\n" if value[0] else f"[{name}]\n")
        + "".join(f"{key} = {inner}\n" for key, inner in value[1].items())
        for name, value in written.items()
        if not isinstance(value, str)
    )
    for problem in problems(tmp_path_factory.getbasetemp(), plain + lists, {}):
        assert problem.startswith(("farthing.toml:", "environment"))


def test_a_path_is_shown_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("farthing.toml").write_text("x = 1\n")
    with pytest.raises(BadConfigs, match=r"^farthing\.toml:1: x: is not a setting"):
        load(Path("farthing.toml"), {})
