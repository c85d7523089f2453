"""Codex under `farthing run`, which it would go past: led by its options, told of web sockets once, refused once."""

import json
import subprocess

import pytest

from farthing.config.engine import wall_ms
from farthing.domain.money import usd
from farthing.testing import Reply, SimulatedProvider, ToolCall, list_prices
from support.client_matrix import ENOUGH, installed, scene
from support.clients import PROGRAMS_OF_TOOLS, QUESTION, SECONDS, environment, executable, named, perform
from support.gateway import write_config
from support.shell import command
from support.working_model import working_model

pytestmark = pytest.mark.slow

CODEX = named("Codex")
ASK = ("exec", "--skip-git-repo-check", "--json", "-m", "gpt-4o-mini", QUESTION)
NEWEST = ("exec", "--skip-git-repo-check", "--json", QUESTION)


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
    ended = under_run(provider, tmp_path, "--budget", "$5", "--json", ask=NEWEST)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    receipt = json.loads(ended.stderr[ended.stderr.index("{\n") :])
    assert receipt["cost_usd"] == usd(provider.bill.nanos) != "0"
    assert (receipt["calls"], receipt["refused"]) == (len(provider.bill), 0) == (2, 0)
    assert not provider.bill.entries[0].model.startswith("gpt-4"), "its own choice"
    (command,) = (
        event["item"] for event in events(ended) if event["type"] == "item.completed" and "command" in event["item"]
    )
    assert (command["aggregated_output"], command["exit_code"]) == ("A-1001\n", 0), "its program ran"
    assert said(ended)[-1] == "Your order A-1001 is on its way."


def said(ended):
    items = (event["item"] for event in events(ended) if event["type"] == "item.completed")
    return [item["text"] for item in items if item["type"] == "agent_message"]


def test_what_its_newest_model_has_thought_goes_back_to_the_provider_as_it_was(tmp_path):
    installed(CODEX)
    with scene(tmp_path, ENOUGH) as (_, provider, front):
        command = [*executable("codex"), "-c", f'openai_base_url="{front.url}/v1"', *NEWEST]
        environ = environment(front.url, tmp_path)
        subprocess.run(command, env=environ, cwd=tmp_path, stdin=subprocess.DEVNULL, timeout=SECONDS, check=True)
        first, second = (json.loads(request.body) for request in provider.requests)
    assert "custom" in {tool["type"] for each in brought(first) for tool in each.get("tools", [each])}
    kinds = [item["type"] for item in second["input"]]
    assert kinds[kinds.index("reasoning") :] == ["reasoning", "message", "custom_tool_call", "custom_tool_call_output"]
    thought = next(item for item in second["input"] if item["type"] == "reasoning")
    assert thought["encrypted_content"].startswith("gAAAA")


def brought(body):
    """The tools of its first item, in their namespaces."""
    return next(item for item in body["input"] if item["type"] == "additional_tools")["tools"]


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


def test_a_past_that_it_has_made_short_is_counted_like_any_call(provider, tmp_path):
    installed(CODEX)
    look = ToolCall("exec", input=PROGRAMS_OF_TOOLS["exec"])
    provider.script.push(
        Reply(text="I will look it up.", tools=(look,)), "In short: it was looked up.", "It is on its way."
    )
    config = write_config(tmp_path, provider.url, '[[budgets]]\nname = "all"\nlimit = "5 USD"\nhard = "off"\n')
    short = ("-c", "model_auto_compact_token_limit=1000", *NEWEST)
    ended = under_run(provider, tmp_path, "--config", config, "--json", ask=short)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert said(ended)[-1] == "It is on its way."
    receipt = json.loads(ended.stderr[ended.stderr.index("{\n") :])
    assert (receipt["calls"], receipt["cost_usd"]) == (3, usd(provider.bill.nanos))
    *_, last = (json.loads(request.body) for request in provider.requests)
    assert "compaction" in {item["type"] for item in last["input"]}
