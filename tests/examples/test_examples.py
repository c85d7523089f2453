"""Every example runs as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from farthing.config.engine import wall_ms
from farthing.config.load import load
from farthing.testing import SimulatedProvider, list_prices
from support.shell import BARE, command

EXAMPLES = Path(__file__).parents[2] / "examples"
KEYS = {"OPENAI_API_KEY": "sk-a", "ANTHROPIC_API_KEY": "sk-b", "SUPPORT_BOT_KEY": "x" * 32}

IN_PROCESS = {
    "budget_around_an_agent.py": ("refused: run-", "ticket 14: ", "total"),
    "nested_budgets.py": ("past: $0.0001236, 224 tokens, 2 calls; stopped by its calls", "together: $0.0003708"),
    "threads.py": ("4 answered, 16 refused, 4 sent",),
    "async_gather.py": ("4 answered, 16 refused, 4 sent",),
    "tool_with_cost.py": (
        "to the model:   The tool search was not run.",
        "search: 3 calls, 1 refused, $0.024",
        "$0.0365",
    ),
    "agent_loop.py": ("This is what I have found so far. (budget, ", "total"),
    "web_handler.py": ("ann: 200 left today: 0 calls", "bea: 200 left today: 2 calls", "ann: 402 no more calls until "),
    "langgraph_agent.py": ("Done. I used search", "researcher", "$0.01"),
    "pydantic_ai_agent.py": ("Done. I used search", "researcher", "$0.01"),
    "openai_agents.py": ("Done. I used search", "researcher", "$0.01"),
    "cost_per_success.py": ("4 runs cost $0.0002472, a success $0.0001236",),
}
"""What each example in process says, among other things."""


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as simulated:
        yield simulated


def run(provider, folder, example: str, *words: str):
    env = {
        "OPENAI_API_KEY": "sk-a",
        "ANTHROPIC_API_KEY": "sk-b",
        "OPENAI_BASE_URL": f"{provider.url}/v1",
        "ANTHROPIC_BASE_URL": provider.url,
    }
    return command("run", *words, "--", sys.executable, EXAMPLES / example, cwd=folder, env=env)


def test_the_openai_client_hears_its_cost(provider, tmp_path):
    ended = run(provider, tmp_path, "openai_chat.py", "--budget", "$1")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("cost $0.0000") == 3
    assert "left $0.99" in ended.stdout


def test_the_openai_client_hears_its_refusal_once(provider, tmp_path):
    ended = run(provider, tmp_path, "openai_chat.py", "--calls", "1")
    assert ended.returncode == 0, ended.stderr
    assert "refused: " in ended.stdout
    assert "'farthing run run-" in ended.stdout
    assert len(provider.bill) == 1


def test_the_anthropic_client_streams(provider, tmp_path):
    ended = run(provider, tmp_path, "anthropic_messages.py", "--budget", "$1")
    assert ended.returncode == 0, ended.stderr
    assert "100 out" in ended.stdout
    assert "1 call" in ended.stderr


def test_the_configuration_is_good_and_nobody_gets_around_it():
    settings = load(EXAMPLES / "farthing.toml", KEYS)
    assert len(settings.budgets) == 3
    assert settings.warnings == ()


def test_the_test_of_an_agent_passes(tmp_path):
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", EXAMPLES / "test_your_agent.py"]
    ended = subprocess.run(
        words, cwd=tmp_path, env=BARE | {"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "2 passed" in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("example", IN_PROCESS)
def test_an_example_in_process_runs_as_it_stands_without_key_and_network(example, tmp_path):
    ended = subprocess.run(
        [sys.executable, EXAMPLES / example], cwd=tmp_path, env=BARE, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    for words in IN_PROCESS[example]:
        assert words in ended.stdout
