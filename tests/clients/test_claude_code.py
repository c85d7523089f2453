"""Claude Code under `farthing run`: its own account of the cost is our receipt, and no prompt grows because we are there."""

import json
import subprocess
from decimal import Decimal

import pytest

from farthing.config.engine import wall_ms
from farthing.domain.money import parse_usd, usd
from farthing.testing import SimulatedProvider, list_prices
from support.client_matrix import ENOUGH, installed, scene
from support.clients import QUESTION, SECONDS, executable, named, perform
from support.gateway import write_config
from support.shell import BARE, command
from support.working_model import working_model

pytestmark = pytest.mark.slow

CLAUDE = named("Claude Code")
ASK = ("-p", QUESTION, "--output-format", "json", "--allowedTools", "Bash(echo:*)")
AS_IF_DIRECT = {"_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL": "1"}
"""It takes any address for Anthropic's own, and so behaves as it does without us."""
SAYS_OF_ITSELF = 160
"""Tokens that it tells Anthropic alone about each of its requests, in the first block of its instructions."""


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms), script=working_model).in_thread() as simulated:
        yield simulated


def under_run(provider, folder, *words):
    """Claude Code's task under `farthing run`."""
    config = write_config(folder, provider.url)
    return command(
        "run", "--config", config, *words, "--", *executable("claude"), *ASK, cwd=folder, env={"HOME": str(folder)}
    )


def receipt_of(ended):
    return json.loads(ended.stderr[ended.stderr.index("{\n") :])


def nanos(said):
    return int((Decimal(str(said)) * 10**9).to_integral_value())


def test_its_own_total_is_our_receipt_and_the_providers_bill(provider, tmp_path):
    installed(CLAUDE)
    ended = under_run(provider, tmp_path, "--budget", "$5", "--json")
    assert ended.returncode == 0, ended.stderr
    receipt, its_own = receipt_of(ended), json.loads(ended.stdout)
    assert its_own["is_error"] is False
    assert receipt["calls"] == len(provider.bill) == 2, "a tool call, the answer"
    assert nanos(its_own["total_cost_usd"]) == parse_usd(receipt["cost_usd"]) == provider.bill.nanos > 0
    by_model = {name: nanos(each["costUSD"]) for name, each in its_own["modelUsage"].items()}
    assert sum(by_model.values()) == provider.bill.nanos


def test_its_prompts_are_those_it_sends_when_it_reaches_anthropic_itself(provider, tmp_path):
    installed(CLAUDE)
    assert under_run(provider, tmp_path, "--budget", "$5").returncode == 0
    through = prompts(provider)
    provider.reset()
    ask(provider.url, tmp_path, AS_IF_DIRECT)
    direct = prompts(provider)
    provider.reset()
    ask(provider.url, tmp_path, {})
    unknown_address = prompts(provider)
    assert [model for model, _ in through] == [model for model, _ in direct]
    for (_, tokens), (_, direct_tokens) in zip(through, direct, strict=True):
        assert -SAYS_OF_ITSELF <= tokens - direct_tokens <= 16, "what varies is the session's own: ids, times"
    assert sum(tokens for _, tokens in unknown_address) >= sum(tokens for _, tokens in through)


def prompts(provider):
    """Model family and input tokens of each call, in the order of their size."""
    return sorted((entry.model.removesuffix("-20251001"), entry.usage.input_tokens) for entry in provider.bill)


def ask(url, home, more):
    environment = {**BARE, "HOME": str(home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "sk-ant-test", **more}
    command = [*executable("claude"), *ASK]
    subprocess.run(command, env=environment, cwd=home, stdin=subprocess.DEVNULL, timeout=SECONDS, check=True)


def test_at_the_end_of_its_budget_the_run_ends_with_75_and_the_reason(provider, tmp_path):
    installed(CLAUDE)
    ended = under_run(provider, tmp_path, "--budget", "$0.0000001")
    assert ended.returncode == 75
    assert "cannot pay for this call" in json.loads(ended.stdout)["result"]
    assert len(provider.bill) == 0


def test_its_session_is_the_run_and_its_betas_go_on_to_the_provider(tmp_path):
    installed(CLAUDE)
    with scene(tmp_path, ENOUGH) as (gateway, provider, front):
        done = perform(CLAUDE, front.url, tmp_path)
        session = json.loads(done.stdout)["session_id"]
        gateway.flush()
        calls = gateway.engine.records.recent(limit=100)
        assert {dict(call.labels)["run"] for call in calls} == {session}
        for request in provider.requests:
            assert "claude-code-20250219" in request.headers["anthropic-beta"]
            assert request.headers["x-claude-code-session-id"] == session
        assert usd(provider.bill.nanos) == usd(gateway.posted("all"))
