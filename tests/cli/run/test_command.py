"""`farthing run`: a command under a budget of its own, with a simulated provider behind it."""

import json
import sys

import pytest

from farthing.config.engine import wall_ms
from farthing.domain.ids import Mint, same_maker
from farthing.domain.money import usd
from farthing.stores.sqlite.records import SqliteRecords
from farthing.testing import SimulatedProvider, list_prices
from support.shell import command

AGENT = """
import json, os, sys, urllib.error, urllib.request
def call(number):
    body = {"model": "gpt-4o-mini", "max_tokens": 300, "messages": [{"role": "user", "content": f"question {number}"}]}
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": "Bearer " + os.environ["OPENAI_API_KEY"]},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["usage"]["total_tokens"]
try:
    for number in range(int(sys.argv[1])):
        call(number)
except urllib.error.HTTPError as error:
    print(error.code, json.load(error)["error"]["code"])
    sys.exit(5)
print(os.environ["FARTHING_RUN"])
"""


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as simulated:
        yield simulated


def run(provider, folder, *words: object, calls: int = 2, env: dict[str, str] | None = None):
    (folder / "agent.py").write_text(AGENT)
    real = {"OPENAI_API_KEY": "sk-real-1234", "OPENAI_BASE_URL": f"{provider.url}/v1"}
    return command("run", *words, "--", sys.executable, "agent.py", calls, cwd=folder, env=real | (env or {}))


def test_the_receipt_is_the_providers_bill(provider, tmp_path):
    ended = run(provider, tmp_path, "--budget", "$1", "--json")
    assert ended.returncode == 0, ended.stderr
    receipt = json.loads(ended.stderr[ended.stderr.index("{") :])
    assert receipt["run"] == ended.stdout.strip()
    assert receipt["cost_usd"] == usd(provider.bill.nanos)
    assert (receipt["calls"], receipt["refused"], receipt["unexplained_usd"]) == (2, 0, "0")
    assert receipt["limits"] == [{"unit": "usd", "limit": "$1", "spent": f"${usd(provider.bill.nanos)}"}]
    assert list(tmp_path.iterdir()) == [tmp_path / "agent.py"]


def test_the_provider_sees_its_real_key_and_the_command_never_does(provider, tmp_path):
    ended = command(
        "run", "--", sys.executable, "-c", "import os; print(os.environ['OPENAI_API_KEY'])",
        cwd=tmp_path, env={"OPENAI_API_KEY": "sk-real-1234"},
    )  # fmt: skip
    assert "sk-real" not in ended.stdout
    run(provider, tmp_path, calls=1)
    assert provider.bill.entries[0].key == "1234"


def test_a_run_that_its_budget_stopped_ends_with_75(provider, tmp_path):
    ended = run(provider, tmp_path, "--calls", "3", calls=5)
    assert ended.returncode == 75
    assert ended.stdout == "402 budget_exceeded\n"
    assert len(provider.bill) == 3
    assert "budget: 3 of 3 calls spent" in ended.stderr
    assert "4 calls, 1 refused" in ended.stderr


def test_a_command_that_fails_by_itself_keeps_its_own_code(provider, tmp_path):
    assert command("run", "--", sys.executable, "-c", "raise SystemExit(9)", cwd=tmp_path).returncode == 9


def test_without_a_key_of_ours_the_commands_own_goes_through(provider, tmp_path):
    env = {"OPENAI_API_KEY": "sk-own-9876"}
    ended = run(provider, tmp_path, "--pass-through", "--budget", "$1", env=env)
    assert ended.returncode == 0, ended.stderr
    assert {entry.key for entry in provider.bill.entries} == {"9876"}
    assert "2 calls" in ended.stderr


def test_a_credential_of_the_commands_own_goes_to_its_providers_host_and_to_no_other(provider, tmp_path):
    with SimulatedProvider().in_thread() as elsewhere:
        env = {"OPENAI_API_KEY": "sk-own-9876", "ANTHROPIC_BASE_URL": elsewhere.url, "ANTHROPIC_API_KEY": "sk-ant-5555"}
        ended = run(provider, tmp_path, "--pass-through", env=env)
        assert ended.returncode == 0, ended.stderr
        assert {entry.key for entry in provider.bill.entries} == {"9876"}
        assert elsewhere.requests == ()
    headers = str([request.headers for request in provider.requests])
    assert "sk-ant-5555" not in headers
    assert "fr_" not in headers


def test_a_store_that_is_named_keeps_the_records(provider, tmp_path):
    for _ in range(2):
        ended = run(provider, tmp_path, "--store", "kept.db", "--label", "team=a", calls=1)
        assert "1 call" in ended.stderr
    records = SqliteRecords(tmp_path / "kept.db")
    kept = records.recent(limit=10)
    records.close()
    assert len(kept) == 2
    assert {dict(call.labels)["team"] for call in kept} == {"a"}
    assert len({dict(call.labels)["run"] for call in kept}) == 2


def test_a_provider_without_a_key_here_is_refused_and_that_is_said(provider, tmp_path):
    assert "calls to anthropic and gemini are refused" in run(provider, tmp_path, calls=1).stderr


def test_a_command_that_is_not_there_is_told_so(tmp_path):
    ended = command("run", "--", "no-such-command-anywhere", cwd=tmp_path)
    assert ended.returncode == 127
    assert "no command 'no-such-command-anywhere'" in ended.stderr


def program(folder, name):
    """A program of this name that says how it was started."""
    made = folder / name
    made.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "$CODEX_API_KEY" "$ENABLE_TOOL_SEARCH"\n')
    made.chmod(0o755)
    return made


def test_codex_which_reads_no_variable_of_ours_is_led_here_by_its_options_and_that_is_said(tmp_path):
    codex = program(tmp_path, "codex")
    ended = command("run", "--budget", "$1", "--", codex, "exec", "x", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-real"})
    option, address, _, search, *rest, key, _ = ended.stdout.splitlines()
    assert (option, search, rest) == ("-c", 'web_search="disabled"', ["exec", "x"])
    assert address.startswith('openai_base_url="http://127.0.0.1:')
    assert key.startswith("fr_")
    assert f"farthing: codex is given -c {address} -c {search}" in ended.stderr
    assert key not in ended.stderr


def test_claude_code_keeps_its_tool_search_and_that_is_said(tmp_path):
    claude = program(tmp_path, "claude")
    ended = command("run", "--", claude, "-p", "x", cwd=tmp_path, env={"ANTHROPIC_API_KEY": "sk-real"})
    assert ended.stdout.splitlines()[-1] == "true"
    assert "farthing: claude is given ENABLE_TOOL_SEARCH=true ANTHROPIC_DEFAULT_HAIKU_MODEL=" in ended.stderr


def test_a_program_that_signed_in_by_itself_keeps_its_credential_beside_other_providers_keys(tmp_path):
    claude = program(tmp_path, "claude")
    ended = command("run", "--", claude, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-real"})
    assert "no key of claude's provider here" in ended.stderr
    assert "refused in this run" not in ended.stderr


def test_a_command_inside_a_run_joins_it(tmp_path):
    show = (sys.executable, "-c", "import os; print(os.environ['FARTHING_RUN'])")
    env = {"OPENAI_API_KEY": "sk-real", "FARTHING_RUN": "outer-7"}
    assert command("run", "--", *show, cwd=tmp_path, env=env).stdout == "outer-7\n"
    assert command("run", "--label", "run=own", "--", *show, cwd=tmp_path, env=env).stdout == "own\n"


def test_a_run_inside_a_run_spends_from_both(provider, tmp_path):
    inner = [sys.executable, "-m", "farthing.cli", "run", "--calls", "1", "--", sys.executable, "agent.py", "1"]
    (tmp_path / "agent.py").write_text(AGENT)
    real = {"OPENAI_API_KEY": "sk-real-1234", "OPENAI_BASE_URL": f"{provider.url}/v1"}
    ended = command("run", "--calls", "5", "--", *inner, cwd=tmp_path, env=real)
    assert ended.returncode == 0, ended.stderr
    assert "budget: 1 of 1 calls spent" in ended.stderr
    assert "budget: 1 of 5 calls spent" in ended.stderr
    assert len(provider.bill) == 1


def test_a_budget_that_is_none_is_refused_before_anything_runs(tmp_path):
    ended = command("run", "--budget", "much", "--", sys.executable, "-c", "print('ran')", cwd=tmp_path)
    assert ended.returncode == 2
    assert "not an amount" in ended.stderr
    assert ended.stdout == ""


def test_the_calls_of_one_gateway_are_told_from_anothers_by_their_ids():
    mine, other = Mint(3), Mint(4)
    first, second, foreign = mine(10**13), mine(10**13 + 5), other(10**13 + 5)
    assert same_maker(first, second)
    assert not same_maker(first, foreign)
