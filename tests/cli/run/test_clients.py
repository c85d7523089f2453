"""What known programs need beside a base URL."""

import pytest

from farthing.cli.run.clients import AS_DIRECT, SMALL_MODEL, Program, as_direct, deaf, known_program, led, own_login
from support.prices import card

URL = "http://127.0.0.1:5555"
LEADS = ("-c", f'openai_base_url="{URL}/v1"')
NO_SEARCH = ("-c", 'web_search="disabled"')


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("codex exec hi", Program("codex", 0)),
        ("/opt/bin/codex", Program("codex", 0)),
        ("npx -y @openai/codex exec hi", Program("codex", 2)),
        ("npx @openai/codex@0.169.0 exec hi", Program("codex", 1)),
        ("node ./node_modules/@openai/codex/bin/codex.js exec hi", Program("codex", 1)),
        ("claude -p hi", Program("claude", 0)),
        ("timeout 60 claude -p hi", Program("claude", 2)),
        ("npx @anthropic-ai/claude-code -p hi", Program("claude", 1)),
        ("python agent.py", None),
        ("grep codex notes.txt", None),
        ("env A=1 B=2 python codexes.py", None),
    ],
)
def test_a_known_program_is_found_where_it_stands(command, found):
    assert known_program(command.split()) == found


def test_codex_is_led_here_by_options_of_its_own_before_those_of_the_caller():
    assert led(("codex", "exec", "hi"), URL, limited=True) == ("codex", *LEADS, *NO_SEARCH, "exec", "hi")
    assert led(("npx", "@openai/codex", "hi"), URL, limited=True) == ("npx", "@openai/codex", *LEADS, *NO_SEARCH, "hi")


def test_without_a_budget_codex_keeps_its_web_search():
    assert led(("codex", "hi"), URL, limited=False) == ("codex", *LEADS, "hi")


@pytest.mark.parametrize("said", ['openai_base_url="http://elsewhere/v1"', "model_provider=mine"])
def test_what_the_command_itself_says_of_its_address_stands(said):
    assert led(("codex", "-c", said, "-c", "web_search=true"), URL, limited=True) == (
        "codex", "-c", said, "-c", "web_search=true",
    )  # fmt: skip


def test_every_other_command_stays_as_it_is():
    for command in (("claude", "-p", "hi"), ("python", "agent.py"), ("sh", "-c", "codex exec hi")):
        assert led(command, URL, limited=True) == command


def test_claude_code_is_given_what_it_has_when_it_reaches_anthropic_itself():
    assert as_direct({}) == AS_DIRECT
    assert as_direct({"ANTHROPIC_BASE_URL": "https://api.anthropic.com"}) == AS_DIRECT


def test_what_the_caller_has_set_stands():
    assert as_direct({"ENABLE_TOOL_SEARCH": "auto:5"}) == {"ANTHROPIC_DEFAULT_HAIKU_MODEL": SMALL_MODEL}


def test_before_a_service_that_is_not_anthropics_it_has_neither_and_gets_neither():
    assert as_direct({"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}) == {}


def test_the_small_model_is_one_that_has_a_price():
    small, large = (card(name, "anthropic").variants[""][0].rates for name in (SMALL_MODEL, "claude-opus-4-6"))
    assert small.input < large.input


def test_a_codex_inside_a_script_is_warned_of():
    assert "goes past this budget" in deaf(("sh", "-c", "codex exec hi"))
    assert deaf(("sh", "-c", 'codex -c openai_base_url="\\"$OPENAI_BASE_URL\\"" exec hi')) == ""
    assert deaf(("codex", "exec", "hi")) == ""
    assert deaf(("python", "agent.py")) == ""


def test_a_program_whose_providers_key_we_do_not_hold_brings_its_own():
    assert own_login(("claude", "-p", "hi"), ("openai",)) == "claude"
    assert own_login(("codex", "hi"), ("anthropic",)) == "codex"
    assert own_login(("claude", "-p", "hi"), ("anthropic",)) == ""
    assert own_login(("python", "agent.py"), ()) == ""
