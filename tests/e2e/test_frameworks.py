"""Clients and frameworks as people use them, at the end of a budget: one request and our words, or a last answer.

Requests are counted at the gateway's own socket, tries again included; every retry setting is the client's default.
"""

import json
import subprocess
import sys
from collections import Counter

import pytest

from farthing.domain.money import parse_usd
from farthing.testing import Reply
from support.framework_scenarios import FRAMEWORKS, NAMES
from support.front import front_of
from support.gateway import gateway_and_provider
from support.generations import environment, environment_with
from support.looping_agents import ANSWER, never_done
from support.maker_scenarios import BILLED

pytestmark = pytest.mark.slow

BROKE = '[[budgets]]\nname = "all"\nlimit = "0.0000001 USD"\n'
SMALL = """
[[budgets]]
name = "each run"
limit = "{limit} USD"
window = "run"
floor = 64
land_output = 300
soft = [{soft}]
"""
LIMIT = "0.02"
LANDS = '{ at = 0.99, do = ["land"] }'
GENERATIONS = [("openai", ""), ("openai", "2.54"), ("anthropic", ""), ("anthropic", "1.17")]
"""Those that the tests have installed, and for each maker the one before."""
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}
SCENARIO_SECONDS = 100


@pytest.fixture(scope="module")
def broke(tmp_path_factory):
    """A gateway at the end of its budget, behind a front."""
    with (
        gateway_and_provider(tmp_path_factory.mktemp("broke"), BROKE) as (gateway, provider),
        front_of(gateway.port) as front,
    ):
        yield front, provider


def said_by(environment, *arguments):
    """What a process of its own prints: name → what came of it."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SCENARIO_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def agents():
    """A process that loads each framework once. Given a framework and an address: what came of its agents, by name."""
    command = [sys.executable, "-m", "support.framework_scenarios"]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def said_of(framework, url):
            print(framework, url, file=process.stdin, flush=True)
            lines = map(json.loads, iter(process.stdout.readline, "\n"))  # its end, "", is no JSON
            return {line["name"]: line for line in lines}

        yield said_of


def assert_our_words(text):
    """What a person reads: whose budget, the numbers, and what to do."""
    assert "The budget 'all' cannot pay for this call" in text
    assert "0 of 0.0000001 USD are spent" in text
    assert "Raise it with `farthing budgets raise all AMOUNT`" in text


# One request, and our words


@pytest.mark.parametrize(("maker", "version"), GENERATIONS, ids=["-".join(each).strip("-") for each in GENERATIONS])
def test_every_call_of_a_makers_client_is_one_request_and_its_own_error(
    broke, request, tmp_path_factory, maker, version
):
    front, provider = broke
    where = tmp_path_factory.mktemp(maker)
    env = environment_with(maker, version, request.config, where) if version else environment()
    front.arrived.clear()
    said = said_by(env, "support.maker_scenarios", maker, "refused", front.url, "sk-test")
    assert said.keys() == BILLED[maker].keys()
    assert all(line["version"].startswith(version) for line in said.values())
    for line in said.values():
        assert line["status"] == 402
        assert_our_words(line["message"])
    assert len(front.arrived) == len(BILLED[maker]), "each call sends exactly one request"
    assert len(provider.bill) == 0


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_agent_of_a_framework_sends_one_request_and_shows_our_words(broke, agents, framework):
    front, provider = broke
    front.arrived.clear()
    said = agents(framework, front.url)
    assert list(said) == NAMES
    for line in said.values():
        assert_our_words(line["error"])
    assert [(arrival.path, arrival.labels) for arrival in front.arrived] == [
        (PATHS[name.partition("-")[0]], f"run={name}") for name in NAMES
    ]
    assert len(provider.bill) == 0


# A last answer


def never_ends(prompt):
    """As `never_done`, and in JSON where the request names a schema."""
    if prompt.tool_choice == "none" and prompt.schema:
        return Reply(text=json.dumps({"answer": ANSWER}))
    return never_done(prompt)


def run_agents(agents, folder, framework, soft):
    """All agents of a framework, each with a model that never stops by itself and a small budget of its own."""
    more = SMALL.format(limit=LIMIT, soft=soft)
    with (
        gateway_and_provider(folder, more, script=never_ends) as (gateway, provider),
        front_of(gateway.port) as front,
    ):
        said = agents(framework, front.url)
        gateway.flush()
        records = {name: gateway.engine.records.recent(limit=100, run=name) for name in NAMES}
        accounts = {each.account.window: each for each in gateway.engine.records.accounts("each run")}
        flags = {name: gateway.engine.records.call(calls[0].id).attempts for name, calls in records.items()}
        return said, front.arrived, records, accounts, flags, provider


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_agent_that_would_never_end_lands_with_an_answer(agents, tmp_path, framework):
    said, arrived, records, accounts, last, provider = run_agents(agents, tmp_path, framework, LANDS)
    assert {name: line.get("answer", line) for name, line in said.items()} == dict.fromkeys(NAMES, ANSWER)
    sent = Counter(arrival.labels for arrival in arrived)
    for name in NAMES:
        calls = records[name]
        assert {call.outcome for call in calls} == {"paid"}
        assert sent[f"run={name}"] == len(calls) > 2, "it could work before it had to finish, and tried nothing again"
        assert ["landing" in attempt.flags for attempt in last[name]] == [True]
        account = accounts[f"run:{name}"]
        assert account.held == account.unknown == 0
        assert account.posted <= parse_usd(LIMIT)
    assert sum(account.posted for account in accounts.values()) == provider.bill.nanos


@pytest.mark.parametrize("framework", ["langchain", "pydantic_ai"])
def test_without_landing_the_same_agents_end_with_an_error(agents, tmp_path, framework):
    said, arrived, records, accounts, _, provider = run_agents(agents, tmp_path, framework, "")
    assert all("The budget 'each run' cannot pay for this call" in line["error"] for line in said.values())
    sent = Counter(arrival.labels for arrival in arrived)
    for name in NAMES:
        assert [call.outcome for call in records[name]].count("refused") == 1
        assert sent[f"run={name}"] == len(records[name]) > 2
    assert sum(account.posted for account in accounts.values()) == provider.bill.nanos
