"""Guards through a running gateway: loops, rates, suspensions, orphans, and a provider that is down."""

import asyncio
import json
import socket
import time
from contextlib import contextmanager

import httpx2
import openai
import pytest

from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider
from farthing.testing.delivery import Pace
from farthing.testing.simulation import Settings
from support.admin import ADMIN, CALLER, KEYS, admin, bearer, chat
from support.gateway import gateway_and_provider, running_gateway, write_config
from support.guarded import looping, turns
from support.shell import asked_json, invoke

BUDGET = '[[budgets]]\nname = "all"\nlimit = "50 USD"\n'
GUARD = "[guard]\nsame_call = 3\npoll = []\n"
RUN = {"x_farthing_labels": "run=r1,agent=triage"}


def messages_of(body):
    return {"model": body["model"], "messages": body["messages"], "tools": body["tools"], "max_tokens": 20}


def agent(gateway, bodies, retries=2):
    """What an agent's own client sees of these requests: statuses, and how often it asked at all."""
    asked, seen = [], []
    with openai.OpenAI(api_key="sk-x", base_url=f"{gateway.url}/v1", max_retries=retries) as client:
        send = client._client.send

        def counted(request, **more):
            asked.append(request)
            return send(request, **more)

        client._client.send = counted
        for body in bodies:
            try:
                client.chat.completions.create(**messages_of(body), extra_headers={"x-farthing-labels": "run=r1"})
            except openai.APIStatusError as error:
                seen.append((error.status_code, error.code, error.message))
            else:
                seen.append((200, "", ""))
    return seen, len(asked)


def test_a_looping_agent_is_stopped_at_the_third_repetition_and_its_client_does_not_ask_again(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET + GUARD) as (gateway, provider):
        seen, asked = agent(gateway, [looping(n) for n in range(4)])
        assert [status for status, _, _ in seen] == [200, 200, 200, 402]
        assert seen[-1][1] == "circuit_open"
        assert "gave the same result 3 times" in seen[-1][2]
        assert asked == 4
        assert len(provider.bill.entries) == 3


def test_an_honest_poller_is_not_stopped(tmp_path):
    more = BUDGET + '[guard]\nsame_call = 3\npoll = ["look_at_*"]\n'
    polls = [turns(*[("look_at_oven", {}, "still cold")] * n) for n in range(9)]
    changing = [turns(*[("get_status", {}, f"{k * 10} %") for k in range(n)]) for n in range(9)]
    with gateway_and_provider(tmp_path, more) as (gateway, _):
        assert {status for status, _, _ in agent(gateway, polls)[0]} == {200}
        assert {status for status, _, _ in agent(gateway, changing)[0]} == {200}


def test_without_a_guard_section_a_loop_is_told_and_goes_on(tmp_path):
    more = BUDGET + '[[alerts]]\nwhen = "loop"\n'
    with gateway_and_provider(tmp_path, more) as (gateway, _):
        assert {status for status, _, _ in agent(gateway, [looping(n) for n in range(6)])[0]} == {200}
        found = until(lambda: gateway.engine.store.facts.happenings("loop", 0))
        assert [each.subject for each in found] == ["run r1"]


def test_an_open_breaker_lets_one_call_through_after_a_while_and_is_resumed_by_a_person(tmp_path):
    ahead = [0]
    with (
        SimulatedProvider().in_thread() as provider,
        running_gateway(
            write_config(tmp_path, provider.url, BUDGET + GUARD + 'open_for = "5m"\n'),
            clock=lambda: wall_ms() + ahead[0],
        ) as gateway,
    ):
        assert chat(gateway, looping(3), **RUN).status_code == 402
        ahead[0] = 301_000
        assert chat(gateway, looping(3), **RUN).status_code == 200
        assert chat(gateway, looping(4), **RUN).status_code == 402
        report = admin(gateway, "GET", "/runs/r1")
        assert report["life"]["stops"][0]["state"] == "open"
        admin(gateway, "POST", "/runs/r1/resume")
        assert admin(gateway, "GET", "/runs/r1")["life"]["stops"] == []
        assert chat(gateway, turns(("write", {}, "ok")), **RUN).status_code == 200


def test_a_user_suspended_at_the_command_line_is_refused_by_a_running_gateway(tmp_path, monkeypatch):
    with gateway_and_provider(tmp_path, BUDGET) as (gateway, _):
        monkeypatch.chdir(tmp_path)
        ann, bea = {"x_farthing_labels": "user=ann"}, {"x_farthing_labels": "user=bea"}
        assert gateway.engine.guards is None
        assert chat(gateway, **ann).status_code == 200
        invoke("runs", "suspend", "--label", "user=ann", "--why", "a leak")
        refused = until(lambda: one_refusal(chat(gateway, **ann)))
        assert refused["code"] == "suspended"
        assert "a leak" in refused["message"]
        assert chat(gateway, **bea).status_code == 200
        invoke("runs", "resume", "--label", "user=ann")
        until(lambda: chat(gateway, **ann).status_code == 200)
        until(lambda: gateway.engine.guards is None)


def test_a_key_is_suspended_and_resumed_at_the_command_line(tmp_path, monkeypatch):
    with gateway_and_provider(tmp_path, BUDGET + KEYS) as (gateway, _):
        monkeypatch.chdir(tmp_path)
        assert asked_json("keys", "suspend", "bot", "--for", "30")["label"] == "key"
        assert until(lambda: one_refusal(chat(gateway, **bearer(CALLER))))["code"] == "suspended"
        assert chat(gateway, **bearer(ADMIN)).status_code == 200
        assert asked_json("keys", "resume", "bot")["was_suspended"]
        until(lambda: chat(gateway, **bearer(CALLER)).status_code == 200)


def test_a_rate_is_exact_over_64_clients_at_once(tmp_path):
    limit = '[[limits]]\nmatch = { user = "*" }\nrequests = 20\nper = "hour"\n'
    with gateway_and_provider(tmp_path, BUDGET + limit) as (gateway, provider):
        answers = asyncio.run(at_once(gateway, 64))
        assert sorted(answer.status_code for answer in answers) == [200] * 20 + [429] * 44
        assert len(provider.bill.entries) == 20
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert 3_590 <= int(refused.headers["retry-after"]) <= 7_200
        assert "x-should-retry" not in refused.headers
        (shown,) = admin(gateway, "GET", "/limits")["limits"]
        assert (shown["values"], shown["requests"], shown["running"]) == (["ann"], 20, 0)


def test_calls_at_once_are_limited_and_every_slot_comes_back(tmp_path):
    limit = "[[limits]]\nconcurrency = 3\n"
    slow = Settings(pace=Pace(first_seconds=2.0))
    with gateway_and_provider(tmp_path, BUDGET + limit, settings=slow) as (gateway, provider):
        answers = asyncio.run(at_once(gateway, 16))
        assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 13
        assert len(provider.bill.entries) == 3
        assert chat(gateway).status_code == 200
        assert all(each["running"] == 0 for each in admin(gateway, "GET", "/limits")["limits"])


def test_a_run_whose_heartbeat_stops_coming_is_refused_and_its_child_too(tmp_path):
    ahead = [0]
    with (
        SimulatedProvider().in_thread() as provider,
        running_gateway(
            write_config(tmp_path, provider.url, BUDGET + KEYS), clock=lambda: wall_ms() + ahead[0]
        ) as gateway,
    ):
        bot = bearer(CALLER)
        made = admin(gateway, "POST", "/runs", {"run": "r1", "heartbeat_seconds": 30}, status=201, **bot)
        assert (made["phase"], made["key"]) == ("started", "bot")
        admin(gateway, "POST", "/runs", {"run": "r2", "parent": "r1"}, status=201, **bot)
        named = [{**bot, "x_farthing_labels": f"run={run}"} for run in ("r1", "r2")]
        assert [chat(gateway, **each).status_code for each in named] == [200, 200]
        ahead[0] += 60_000
        admin(gateway, "POST", "/runs/r1/heartbeat", {}, **bot)
        ahead[0] += 60_000
        assert [chat(gateway, **each).status_code for each in named] == [200, 200]
        ahead[0] += 60_000
        assert [one_refusal(chat(gateway, **each))["code"] for each in named] == ["run_orphaned"] * 2
        assert admin(gateway, "GET", "/runs/r1", **bearer(ADMIN))["life"]["phase"] == "orphaned"
        admin(gateway, "POST", "/runs/r1/heartbeat", {}, **bot)
        assert [chat(gateway, **each).status_code for each in named] == [200, 200]
        admin(gateway, "POST", "/runs/r1/end", **bot)
        assert [one_refusal(chat(gateway, **each))["code"] for each in named] == ["run_ended", "run_orphaned"]


def test_suspensions_and_runs_survive_a_restart(tmp_path):
    with SimulatedProvider().in_thread() as provider:
        file = write_config(tmp_path, provider.url, BUDGET)
        with running_gateway(file) as gateway:
            admin(gateway, "POST", "/runs", {"run": "r1"}, status=201)
            admin(gateway, "POST", "/runs/r1/end")
            admin(gateway, "POST", "/suspensions", {"label": "user", "value": "ann"}, status=201)
        with running_gateway(file) as gateway:
            assert one_refusal(chat(gateway, x_farthing_labels="run=r1"))["code"] == "run_ended"
            assert one_refusal(chat(gateway, x_farthing_labels="user=ann"))["code"] == "suspended"
            assert chat(gateway).status_code == 200


def test_a_provider_that_cannot_be_reached_is_left_for_another_that_lists_the_model(tmp_path):
    with closed_port() as port, SimulatedProvider().in_thread() as provider:
        more = f'''
[providers.first]
format = "openai"
base_url = "http://127.0.0.1:{port}/v1"
api_key = "sk-first"
models = ["gpt-4o-mini"]
retries = 0
[providers.second]
format = "openai"
base_url = "{provider.url}/v1"
api_key = "sk-second"
models = ["gpt-4o*"]
'''
        file = tmp_path / "farthing.toml"
        file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/farthing.db"\n{more}{BUDGET}')
        with running_gateway(file) as gateway:
            statuses = [chat(gateway).status_code for _ in range(22)]
            assert statuses == [502] * 20 + [200] * 2
            assert len(provider.bill.entries) == 2
            assert gateway.open("all") == 0


def test_an_idempotent_repeat_takes_no_second_turn(tmp_path):
    limit = '[[limits]]\nrequests = 10\nconcurrency = 10\nper = "hour"\n'
    with gateway_and_provider(tmp_path, BUDGET + limit) as (gateway, _):
        for _ in range(3):
            assert chat(gateway, idempotency_key="once").status_code == 200
        (shown,) = admin(gateway, "GET", "/limits")["limits"]
        assert (shown["requests"], shown["running"]) == (1, 0)


@pytest.mark.parametrize("labels", ["", "user=", "user=ann"])
def test_a_keys_own_labels_are_limited_whatever_its_callers_say(tmp_path, labels):
    more = KEYS + '[[limits]]\nmatch = { team = "support" }\nrequests = 1\nper = "hour"\n'
    with gateway_and_provider(tmp_path, BUDGET + more) as (gateway, _):
        told = {"x_farthing_labels": f"team=other,{labels}" if labels != "user=" else "team=other"}
        assert [chat(gateway, **bearer(CALLER), **told).status_code for _ in range(2)] == [200, 429]


def one_refusal(answer):
    """The error of a 402, None where the call went."""
    return json.loads(answer.text)["error"] if answer.status_code == 402 else None


async def at_once(gateway, clients):
    body = {"model": "gpt-4o-mini", "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(trust_env=False, timeout=30, limits=limits) as client:
        sent = [
            client.post(f"{gateway.url}/v1/chat/completions", json=body, headers={"x-farthing-labels": "user=ann"})
            for _ in range(clients)
        ]
        return await asyncio.gather(*sent)


@contextmanager
def closed_port():
    """A port that nobody listens on, kept so."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


def until(look, seconds=10.0):
    """What `look` finds as soon as it finds anything."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found
