"""A call that needs a person: it waits and is let through, declined, or refused with the address; nothing is held meanwhile."""

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices
from support.admin import admin, ask, bearer, refused
from support.gateway import gateway_and_provider, running_gateway, write_config
from support.gateway_process import GatewayProcess, LedgerFile
from support.hasty import eventually
from support.leaving import connect
from support.maker_scenarios import ANTHROPIC, OPENAI, perform_once
from support.shell import asked_json, command

CALL = {"model": "gpt-4o-mini", "max_tokens": 300, "messages": [{"role": "user", "content": "hello"}]}
PATH = "/v1/chat/completions"


def broke(wait="60s", **more):
    extra = "".join(f"{name} = {value}\n" for name, value in more.items())
    return f'[[budgets]]\nname = "all"\nlimit = "0.0000001 USD"\nhard = "approve"\napprove_wait = "{wait}"\n{extra}'


def post(gateway, body=None, **headers):
    return ask(gateway, "POST", PATH, {**CALL, **(body or {})}, **headers)


class Calling:
    """Calls under way, each in a thread of its own."""

    def __init__(self, gateway, count=1, **headers):
        self._pool = ThreadPoolExecutor(count)
        self._calls = [self._pool.submit(post, gateway, **headers) for _ in range(count)]

    def answers(self):
        try:
            return [call.result(60) for call in self._calls]
        finally:
            self._pool.shutdown()

    def answer(self):
        (one,) = self.answers()
        return one


def pending(gateway, **headers):
    return admin(gateway, "GET", "/approvals?state=pending", **headers)["approvals"]


def the_request(gateway, **headers):
    """The one request that is open, once it is."""
    eventually(lambda: len(pending(gateway, **headers)) == 1, "somebody is asked")
    return pending(gateway, **headers)[0]


def waiting(gateway, count=1):
    eventually(lambda: gateway.engine.approvals.waiting == count, f"{count} calls wait")


def store_of(folder):
    return ("--config", folder / "farthing.toml")


def test_a_call_waits_and_is_let_through_by_a_command_in_another_process(tmp_path):
    with gateway_and_provider(tmp_path, broke()) as (gateway, provider):
        calling = Calling(gateway)
        waiting(gateway)
        asked = the_request(gateway)
        assert gateway.open("all") == 0, "nothing is held while a person thinks"
        assert len(provider.bill) == 0
        done = command("approvals", "approve", asked["id"], "--reason", "go on", *store_of(tmp_path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert calling.answer().status_code == 200
        assert gateway.posted("all") == provider.bill.nanos > 0
        shown = asked_json("approvals", "show", asked["id"], *store_of(tmp_path))
    assert (shown["state"], shown["reason"], shown["granted"]) == ("granted", "go on", asked["needed"])
    assert shown["decided_by"].endswith("the command line")


def test_a_call_waits_and_is_let_through_over_http(tmp_path):
    with gateway_and_provider(tmp_path, broke()) as (gateway, provider):
        calling = Calling(gateway)
        asked = the_request(gateway)
        waiting(gateway)
        admin(gateway, "POST", f"/approvals/{asked['id']}/grant", {"amount": "5"})
        assert calling.answer().status_code == 200
        assert post(gateway).status_code == 200, "what was granted beyond need is there for later calls"
        assert len(provider.bill) == 2


def test_a_raise_lets_a_waiting_call_go_on_too(tmp_path):
    with gateway_and_provider(tmp_path, broke()) as (gateway, _):
        calling = Calling(gateway)
        waiting(gateway)
        done = command("budgets", "raise", "all", "$5", *store_of(tmp_path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert calling.answer().status_code == 200


def test_without_patience_it_is_refused_at_once_with_the_address(tmp_path):
    with gateway_and_provider(tmp_path, broke(wait="0s")) as (gateway, provider):
        answer = post(gateway)
        (asked,) = pending(gateway)
        assert answer.status_code == 402
        assert answer.headers["x-should-retry"] == "false"
        assert answer.headers["x-farthing-approval"] == asked["id"]
        error = answer.json()["error"]
        assert error["code"] == "approval_required"
        assert error["farthing"]["approval"] == asked["id"]
        assert error["farthing"]["approval_url"] == asked["url"] == f"/farthing/v1/approvals/{asked['id']}"
        assert asked["url"] in error["message"]
        assert ask(gateway, "GET", asked["url"]).json() == asked
        record = gateway.record(answer.headers["x-farthing-call-id"])
        assert record.closing.code == "approval_required"
        assert asked["id"] in record.closing.detail
        assert asked["call"] == answer.headers["x-farthing-call-id"]
        assert len(provider.bill) == 0
        admin(gateway, "POST", f"/approvals/{asked['id']}/grant", {})
        assert post(gateway).status_code == 200, "sent again after the grant, it goes through"


def test_the_callers_own_patience_ends_the_wait(tmp_path):
    with gateway_and_provider(tmp_path, broke(wait="5m")) as (gateway, _):
        answer = post(gateway, x_stainless_timeout="0.5")
        assert answer.json()["error"]["code"] == "approval_required"
        assert len(pending(gateway)) == 1


def test_a_declined_call_is_told_who_and_why_and_so_is_the_next(tmp_path):
    with gateway_and_provider(tmp_path, broke()) as (gateway, provider):
        calling = Calling(gateway)
        waiting(gateway)
        asked = the_request(gateway)
        done = command("approvals", "decline", asked["id"], "--reason", "not today", *store_of(tmp_path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        for answer in (calling.answer(), post(gateway)):
            assert answer.status_code == 402
            error = answer.json()["error"]
            assert error["code"] == "approval_declined"
            assert "not today" in error["message"]
            assert "the command line" in error["message"]
            assert error["farthing"]["approval"] == asked["id"]
        assert len(provider.bill) == 0
        assert pending(gateway) == []


def test_64_calls_at_once_make_one_request_and_one_grant_lets_all_through(tmp_path):
    with gateway_and_provider(tmp_path, broke()) as (gateway, provider):
        calling = Calling(gateway, 64)
        waiting(gateway, 64)
        asked = the_request(gateway)
        admin(gateway, "POST", f"/approvals/{asked['id']}/grant", {"amount": "1"})
        assert [answer.status_code for answer in calling.answers()] == [200] * 64
        assert len(admin(gateway, "GET", "/approvals")["approvals"]) == 1
        assert gateway.posted("all") == provider.bill.nanos


ONE_CALL = '[[budgets]]\nname = "all"\ncalls = 1\nhard = "approve"\napprove_wait = "60s"\n'


def test_who_was_not_covered_by_the_grant_asks_again(tmp_path):
    with gateway_and_provider(tmp_path, ONE_CALL) as (gateway, provider):
        assert post(gateway).status_code == 200
        calling = Calling(gateway, 3)
        waiting(gateway, 3)
        asked = []
        for _ in range(3):
            found = the_request(gateway)
            assert (found["unit"], found["needed"], found["worst_case"]) == ("calls", "1", "1")
            asked.append(found["id"])
            admin(gateway, "POST", f"/approvals/{found['id']}/grant", {})
        assert [answer.status_code for answer in calling.answers()] == [200] * 3
        assert len(set(asked)) == 3
        assert len(provider.bill) == 4


def test_a_client_that_leaves_leaves_nothing_behind(tmp_path):
    with gateway_and_provider(tmp_path, broke()) as (gateway, provider):
        body = json.dumps(CALL).encode()
        head = f"POST {PATH} HTTP/1.1\r\nhost: {urlsplit(gateway.url).netloc}\r\ncontent-type: application/json\r\n"
        with connect(gateway.url) as sock:
            sock.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
            waiting(gateway)
            sock.shutdown(socket.SHUT_RDWR)
        waiting(gateway, 0)
        asked = the_request(gateway)
        admin(gateway, "POST", f"/approvals/{asked['id']}/grant", {"amount": "1"})
        gateway.flush()
        (record,) = gateway.engine.records.recent(limit=5)
        assert (record.outcome, record.status) == ("unsent", 499)
        assert gateway.open("all") == gateway.posted("all") == 0
        assert len(provider.bill) == 0


def test_a_restart_keeps_what_is_asked(tmp_path):
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as provider:
        config = write_config(tmp_path, provider.url, broke())
        with running_gateway(config) as gateway:
            calling = Calling(gateway)
            waiting(gateway)
            asked = the_request(gateway)
        answer = calling.answer()
        assert answer.status_code == 402, "a gateway that stops lets nobody wait"
        assert answer.json()["error"]["farthing"]["approval"] == asked["id"]
        with running_gateway(config) as gateway:
            assert [each["id"] for each in pending(gateway)] == [asked["id"]]
            second = Calling(gateway)
            waiting(gateway)
            admin(gateway, "POST", f"/approvals/{asked['id']}/grant", {})
            assert second.answer().status_code == 200
            assert len(admin(gateway, "GET", "/approvals")["approvals"]) == 1


@pytest.mark.slow
def test_calls_of_two_processes_join_one_request_and_a_grant_in_one_wakes_both(tmp_path):
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as provider:
        config = write_config(tmp_path, provider.url, broke())
        with GatewayProcess(config) as one, GatewayProcess(config) as two:
            here, there = Calling(one), Calling(two)
            asked = the_request(one)
            assert the_request(two)["id"] == asked["id"]
            admin(one, "POST", f"/approvals/{asked['id']}/grant", {"amount": "1"})
            assert [here.answer().status_code, there.answer().status_code] == [200, 200]
            with LedgerFile(tmp_path / "farthing.db") as ledger:
                eventually(lambda: ledger.standing() == (provider.bill.nanos, 0, 0), "both are settled")


AT_HALF = """
[[budgets]]
name = "all"
calls = 4
soft = [{ at = 0.5, do = ["approve"] }]
approve_wait = "0s"
"""


def test_a_threshold_is_passed_once_and_then_holds_until_the_limit(tmp_path):
    with gateway_and_provider(tmp_path, AT_HALF) as (gateway, provider):
        assert [post(gateway).status_code for _ in range(2)] == [200, 200]
        error = post(gateway).json()["error"]
        assert error["code"] == "approval_required"
        (asked,) = pending(gateway)
        assert (asked["why"], asked["unit"], asked["needed"]) == ("threshold 0.5", "calls", "0")
        done = command("approvals", "approve", asked["id"], *store_of(tmp_path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert [post(gateway).status_code for _ in range(2)] == [200, 200]
        assert post(gateway).json()["error"]["code"] == "budget_exceeded", "the limit itself is not asked about"
        assert len(provider.bill) == 4
    with running_gateway(tmp_path / "farthing.toml") as again:
        assert again.engine.approvals.passed(_account(), 500_000)


def _account():
    from farthing.domain.budget import AccountKey, Unit

    return AccountKey("all", "", Unit.CALLS, "lifetime")


@pytest.mark.parametrize(("maker", "call"), [("openai", OPENAI["chat"]), ("anthropic", ANTHROPIC["messages"])])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_the_makers_clients_send_one_request_and_show_the_address(tmp_path, maker, call, is_async):
    import anthropic
    import openai

    with gateway_and_provider(tmp_path, broke(wait="0s")) as (gateway, provider):
        with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as error:
            asyncio.run(perform_once(maker, gateway.url, "sk-test", call, is_async=is_async))
        (asked,) = pending(gateway)
        gateway.flush()
        assert error.value.status_code == 402
        assert asked["url"] in str(error.value)
        assert len(gateway.engine.records.recent(limit=10)) == 1
        assert len(provider.bill) == 0


BOSS, LEAD, OTHER, BOT = (
    "boss-secret-0123456789",
    "lead-secret-0123456789",
    "other-secret-012345678",
    "bot-secret-01234567890",
)
KEYS = f"""
[[keys]]
name = "boss"
secret = "{BOSS}"
rights = ["admin"]
[[keys]]
name = "lead"
secret = "{LEAD}"
labels = {{ team = "a" }}
rights = ["approve"]
[[keys]]
name = "other"
secret = "{OTHER}"
labels = {{ team = "b" }}
rights = ["approve", "call"]
[[keys]]
name = "bot"
secret = "{BOT}"
labels = {{ team = "a" }}
may_set = ["run"]
"""


def test_a_key_decides_within_its_own_labels_and_no_further(tmp_path):
    runs = broke(wait="0s", window='"run"')
    with gateway_and_provider(tmp_path, runs + KEYS) as (gateway, _):
        refusal = post(gateway, x_farthing_labels="run=r1", **bearer(BOT)).json()["error"]["farthing"]
        path = f"/approvals/{refusal['approval']}"
        assert [each["id"] for each in pending(gateway, **bearer(LEAD))] == [refusal["approval"]]
        assert pending(gateway, **bearer(OTHER)) == []
        for way in ("grant", "decline"):
            refused(gateway, "POST", f"{path}/{way}", {}, status=404, **bearer(OTHER))
            refused(gateway, "POST", f"{path}/{way}", {}, status=403, **bearer(BOT))
        refused(gateway, "GET", path, status=404, **bearer(OTHER))
        refused(gateway, "GET", "/budgets", status=403, **bearer(LEAD))
        done = admin(gateway, "POST", f"{path}/grant", {"amount": "1"}, **bearer(LEAD))
        assert done["decided_by"] == "key lead"
        assert post(gateway, x_farthing_labels="run=r1", **bearer(BOT)).status_code == 200


def test_a_key_of_one_team_does_not_raise_what_everybody_shares(tmp_path):
    with gateway_and_provider(tmp_path, broke(wait="0s") + KEYS) as (gateway, _):
        refusal = post(gateway, **bearer(BOT)).json()["error"]["farthing"]
        refused(gateway, "POST", f"/approvals/{refusal['approval']}/grant", {}, status=404, **bearer(LEAD))
        admin(gateway, "POST", f"/approvals/{refusal['approval']}/grant", {}, **bearer(BOSS))
