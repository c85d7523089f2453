"""Codex under `farthing run`, which it would go past: led by its options, told of web sockets once, refused once."""

import json

import pytest

from farthing.config.engine import wall_ms
from farthing.domain.money import usd
from farthing.testing import SimulatedProvider, list_prices
from support.client_matrix import ENOUGH, installed, scene
from support.clients import QUESTION, executable, named, perform
from support.shell import command
from support.working_model import working_model

pytestmark = pytest.mark.slow

CODEX = named("Codex")
ASK = ("exec", "--skip-git-repo-check", "--json", "-m", "gpt-4o-mini", QUESTION)


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms), script=working_model).in_thread() as simulated:
        yield simulated


def under_run(provider, folder, *words, ask=ASK):
    environment = {"OPENAI_API_KEY": "sk-real-1234", "OPENAI_BASE_URL": f"{provider.url}/v1", "HOME": str(folder)}
    return command("run", *words, "--", *executable("codex"), *ask, cwd=folder, env=environment)


def events(ended):
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]


def test_it_is_led_here_and_its_receipt_is_the_providers_bill(provider, tmp_path):
    installed(CODEX)
    ended = under_run(provider, tmp_path, "--budget", "$5", "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    receipt = json.loads(ended.stderr[ended.stderr.index("{\n") :])
    assert receipt["cost_usd"] == usd(provider.bill.nanos) != "0"
    assert (receipt["calls"], receipt["refused"]) == (len(provider.bill), 0) == (2, 0)
    (turn,) = (event for event in events(ended) if event["type"] == "turn.completed")
    assert turn["usage"]["output_tokens"] == sum(entry.usage.output_tokens for entry in provider.bill)
    assert {entry.key for entry in provider.bill} == {"1234"}, "the provider sees its real key"


def test_its_own_newest_model_with_its_own_way_of_calling_tools_is_governed_too(provider, tmp_path):
    installed(CODEX)
    ended = under_run(provider, tmp_path, "--budget", "$5", "--json", ask=("exec", "--skip-git-repo-check", QUESTION))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    receipt = json.loads(ended.stderr[ended.stderr.index("{\n") :])
    assert receipt["cost_usd"] == usd(provider.bill.nanos) != "0"


def test_at_the_end_of_its_budget_the_run_ends_with_75_and_the_reason(provider, tmp_path):
    installed(CODEX)
    ended = under_run(provider, tmp_path, "--budget", "$0.0000001")
    assert ended.returncode == 75
    assert "cannot pay for this call" in ended.stdout
    assert "1 call, 1 refused" in ended.stderr
    assert len(provider.bill) == 0


def test_it_asks_once_for_a_web_socket_and_its_session_is_the_run(tmp_path):
    installed(CODEX)
    with scene(tmp_path, ENOUGH) as (gateway, _, front):
        done = perform(CODEX, front.url, tmp_path)
        thread = next(event["thread_id"] for event in events(done) if event["type"] == "thread.started")
        assert [arrival.method for arrival in front.arrived] == ["GET", "POST", "POST"]
        assert not any(event["type"] == "error" for event in events(done)), "it does not count it as a failure"
        gateway.flush()
        for call in gateway.engine.records.recent(limit=100):
            labels = dict(call.labels)
            assert labels["run"] == thread
            assert labels["agent"] == "/root"
            assert "workspaces" not in labels
