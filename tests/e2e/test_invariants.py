"""The invariants that only the whole can show, each by its number: gateway, ledger's file and provider at once."""

import asyncio
import itertools
import json
import threading
import time

import httpx2
import pytest

from farthing.domain.money import parse_usd, usd
from farthing.testing import Fault, Reply
from support.gateway import gateway_and_provider, running_gateway, write_config
from support.gateway_process import LedgerFile
from support.hasty import BUDGET, CAPS, PATHS, account_of, body_of, call, eventually, hasty_gateway, headers_of
from support.rawserver import RawServer, answer
from support.upstream import chat_answer

KEYS = """
[[budgets]]
name = "each key"
each = "team"
limit = "{limit} USD"

[[keys]]
name = "first"
secret = "first-secret-that-is-long-enough-to-be-one"
labels = {{ team = "one" }}

[[keys]]
name = "second"
secret = "second-secret-that-is-long-enough-to-be-one"
labels = {{ team = "two" }}
"""
SECRETS = {name: f"{name}-secret-that-is-long-enough-to-be-one" for name in ("first", "second")}


def post(url, path, body, secret=""):
    headers = {**headers_of("chat"), **({"authorization": f"Bearer {secret}"} if secret else {})}
    with httpx2.Client(trust_env=False, timeout=60) as client:
        return client.post(f"{url}{path}", json=body, headers=headers)


def test_i08_no_upstream_byte_before_the_durable_reserve(tmp_path):
    """The tap is the provider's accept: before it takes a byte, another reader finds the hold in the file."""
    found = asyncio.run(tapped_calls(tmp_path, calls=20))
    assert [state for state, _ in found] == ["held"] * 20
    assert all(held > 0 for _, held in found)


async def tapped_calls(folder, calls):
    """What the file said at each accept: the newest attempt's state, and what was held."""
    found = []
    reply = answer(chat_answer().pieces[0], b"content-type: application/json", b"connection: close")

    async def tapped(peer):
        with LedgerFile(folder / "farthing.db") as ledger:
            found.append((ledger.rows()[-1].state, ledger.standing()[1]))
        await peer.request()
        await peer.send(reply)

    async with RawServer(tapped) as server:
        config = write_config(folder, server.origin, BUDGET)
        with running_gateway(config) as gateway:
            for _ in range(calls):
                seen = await asyncio.to_thread(call, gateway.url, "chat", stream=False)
                assert seen.status == 200
    assert len(found) == calls
    return found


def test_i13_a_call_is_charged_what_its_attempts_were_and_each_had_its_own_hold(tmp_path):
    with hasty_gateway(tmp_path, patience="5s") as (gateway, provider):
        seen = []
        with provider.refusing():
            caller = threading.Thread(target=lambda: seen.append(call(gateway.url, "chat", stream=False)))
            caller.start()
            with LedgerFile(tmp_path / "farthing.db") as ledger:
                eventually(lambda: any(row.state == "void" for row in ledger.rows()), "the first attempt was not sent")
        caller.join(20)
        account = account_of(gateway, seen[0])
        assert seen[0].status == 200
        assert account.states[-1] == "settled"
        assert set(account.states[:-1]) == {"void"}
        assert [attempt.opening.ordinal for attempt in account.attempts] == list(range(1, len(account.attempts) + 1))
        assert (
            account.posted == sum(share.amount for a in account.attempts for share in a.shares) == provider.bill.nanos
        )


CAP_FIELDS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("asked", [None, 120, 20_000], ids=["no_cap", "own_cap", "clamped_cap"])
@pytest.mark.parametrize("dialect", PATHS)
def test_i23_the_outbound_cap_is_the_reserved_cap_and_there_is_exactly_one(tmp_path, dialect, asked, stream):
    if dialect == "messages" and asked is None:
        asked = 64  # the dialect requires a cap
    cheap = {"chat": "gpt-4.1", "responses": "gpt-4.1", "messages": "claude-haiku-4-5"}[dialect]
    limit = "0.02" if asked == 20_000 else "1"
    budget = f'[[budgets]]\nname = "all"\nlimit = "{limit} USD"\n'
    with hasty_gateway(tmp_path, budget, patience="5s") as (gateway, provider):
        seen = call(gateway.url, dialect, stream=stream, cap=asked, model=cheap)
        (attempt,) = account_of(gateway, seen).attempts
        sent = json.loads(provider.requests[-1].body)
    fields = {name: sent[name] for name in CAP_FIELDS if name in sent}
    assert seen.status == 200
    assert fields == {CAPS[dialect] if dialect != "chat" or asked else next(iter(fields)): attempt.cap}
    assert provider.bill.entries[-1].cap == attempt.cap
    if asked == 20_000:
        assert attempt.cap < asked
        assert seen.headers["x-farthing-output-cap"] == f"{attempt.cap}; clamped"


def test_i23_two_caps_that_disagree_are_refused_before_anything_is_sent(tmp_path):
    with hasty_gateway(tmp_path) as (gateway, provider):
        seen = call(gateway.url, "chat", stream=False, cap=1, max_completion_tokens=5_000)
        assert seen.status == 400
        assert "max_" in json.loads(seen.text)["error"]["message"]
        assert len(provider.bill) == 0
        assert gateway.open("all") == 0


def test_i24_after_faults_stop_everything_that_was_open_comes_to_its_end(tmp_path):
    more = '[gateway]\nunknown_after = "1s"\n' + BUDGET
    faults = ("silence", "reset_before_headers", "reset_mid_body", "no_usage", "truncate", "500", "429")
    with hasty_gateway(tmp_path, more) as (gateway, provider):
        for fault, dialect in itertools.product(faults, PATHS):
            provider.faults.push(fault)
            call(gateway.url, dialect, stream=dialect == "chat")
        assert gateway.open("all") > 0
        eventually(lambda: gateway.open("all") == 0, "every hold came to its end")
        assert gateway.posted("all") >= provider.bill.nanos
        with LedgerFile(tmp_path / "farthing.db") as ledger:
            assert {row.state for row in ledger.rows()} == {"settled", "void"}


def test_i25_calls_of_one_size_are_refused_only_when_the_last_does_not_fit(tmp_path):
    with hasty_gateway(tmp_path, script=lambda prompt: Reply(tokens=120), patience="5s") as (gateway, provider):
        call(gateway.url, "chat", stream=False)
        each = provider.bill.nanos
    limit = each * 7 + each // 2
    (tmp_path / "tight").mkdir()
    budget = f'[[budgets]]\nname = "all"\nlimit = "{usd(limit)} USD"\n'
    with hasty_gateway(tmp_path / "tight", budget, script=lambda prompt: Reply(tokens=120), patience="5s") as (
        gateway,
        provider,
    ):
        statuses = [call(gateway.url, "chat", stream=False).status for _ in range(9)]
        assert statuses == [200] * 7 + [402] * 2
        assert limit - each < gateway.posted("all") == provider.bill.nanos <= limit


# Tenants


def test_i26_an_answer_of_another_key_sizes_no_hold(tmp_path):
    """`previous_response_id` is bounded by our record of that answer for its own key only; for others by the whole window."""
    with gateway_and_provider(tmp_path, KEYS.format(limit="5")) as (gateway, _):
        first = post(gateway.url, PATHS["responses"], body_of("responses", stream=False), SECRETS["first"]).json()
        gateway.flush()
        follow = body_of("responses", stream=False, previous_response_id=first["id"])
        bounds = {}
        for name, secret in SECRETS.items():
            seen = post(gateway.url, PATHS["responses"], follow, secret)
            assert seen.status_code == 200
            bounds[name] = gateway.record(seen.headers["x-farthing-call-id"]).attempts[0].opening
    assert bounds["first"].bound == "bytes"
    assert bounds["second"].bound == "window"
    assert bounds["second"].input_bound >= 100_000 > bounds["first"].input_bound


def test_i26_a_tenant_reads_nothing_of_another_in_its_errors(tmp_path):
    with gateway_and_provider(tmp_path, KEYS.format(limit="0.0000001")) as (gateway, provider):
        texts = {}
        for name, secret in SECRETS.items():
            refused = post(gateway.url, PATHS["chat"], body_of("chat", stream=False), secret)
            assert refused.status_code == 402
            texts[name] = refused.text + str(dict(refused.headers))
        stranger = post(gateway.url, PATHS["chat"], body_of("chat", stream=False), SECRETS["first"] + "x")
        assert stranger.status_code == 401
        assert len(provider.bill) == 0
    assert "two" not in texts["first"].replace("two_", "")
    assert "second" not in texts["first"].replace("seconds", "")
    for text in (*texts.values(), stranger.text):
        assert all(secret not in text for secret in (*SECRETS.values(), "sk-provider"))


def test_i26_a_callers_own_key_never_reaches_the_provider(tmp_path):
    with gateway_and_provider(tmp_path, KEYS.format(limit="5")) as (gateway, provider):
        body = body_of("chat", stream=False)
        assert post(gateway.url, PATHS["chat"], body, SECRETS["first"]).status_code == 200
        sent = provider.requests[-1]
    assert SECRETS["first"] not in str(sent.headers)
    assert sent.headers["authorization"] == "Bearer sk-provider-openai"
    assert not [name for name in sent.headers if name.startswith("x-farthing")]


def test_i29_what_a_client_is_told_is_left_is_never_more_than_is_left(tmp_path):
    limit = parse_usd("0.01")
    with hasty_gateway(tmp_path, '[[budgets]]\nname = "all"\nlimit = "0.01 USD"\n', patience="5s") as (
        gateway,
        provider,
    ):
        for stream in (False, True, False):
            seen = call(gateway.url, "messages", stream=stream)
            told = parse_usd(seen.headers["x-farthing-budget-remaining-usd"])
            left = limit - provider.bill.nanos
            if stream:  # the header goes out while the hold stands; the note at the end has the rest
                assert told < left
                note = seen.text[seen.text.index('"farthing":') :]
                told = parse_usd(json.loads(note[note.index("{") : note.index("}") + 1])["remaining_usd"])
            assert told == left == limit - gateway.posted("all")


# Bounds on our own memory


def test_i30_no_more_abandoned_answers_are_read_on_than_configured(tmp_path):
    more = "[gateway]\nmax_abandoned = 2\n" + BUDGET
    faults = [Fault(kind="slow", seconds=0.03)] * 8
    most = 0
    with hasty_gateway(tmp_path, more, patience="5s", faults=faults, script=lambda prompt: Reply(tokens=30)) as (
        gateway,
        provider,
    ):
        with httpx2.Client(trust_env=False, timeout=60) as client:
            streams = []
            for _ in range(8):
                body = body_of("chat", stream=True)
                request = client.build_request(
                    "POST", f"{gateway.url}{PATHS['chat']}", json=body, headers=headers_of("chat")
                )
                streams.append(client.send(request, stream=True))
            for stream in streams:
                stream.close()
        deadline = time.monotonic() + 20
        while provider_is_busy(provider) and time.monotonic() < deadline:
            most = max(most, gateway.engine.draining)
            time.sleep(0.002)
        eventually(lambda: gateway.engine.draining == 0, "nothing is drained any more")
        with LedgerFile(tmp_path / "farthing.db") as ledger:
            gateway.flush()
            states = sorted(row.state for row in ledger.rows())
        assert gateway.posted("all") + gateway.open("all") >= provider.bill.nanos
    assert 0 < most <= 2
    assert states == ["settled"] * 2 + ["unknown"] * 6


def provider_is_busy(provider):
    return any(entry.outcome == "running" for entry in provider.bill) or len(provider.bill) < 8


def test_i30_a_body_larger_than_configured_is_refused_unread(tmp_path):
    with hasty_gateway(tmp_path, '[gateway]\nmax_body = "64KiB"\n' + BUDGET) as (gateway, provider):
        seen = post(gateway.url, PATHS["chat"], body_of("chat", stream=False, user="x" * 70_000))
        assert seen.status_code == 413
        assert len(provider.bill) == 0


def test_the_figures_of_a_refusal_are_those_of_the_ledger(tmp_path):
    with hasty_gateway(tmp_path, '[[budgets]]\nname = "all"\nlimit = "0.0001 USD"\n', patience="5s") as (
        gateway,
        provider,
    ):
        assert call(gateway.url, "chat", stream=False).status == 200
        seen = call(gateway.url, "chat", stream=False)
        figures = json.loads(seen.text)["error"]["farthing"]
        assert seen.status == 402
        assert parse_usd(figures["spent_usd"]) == gateway.posted("all") == provider.bill.nanos
        assert parse_usd(figures["needed_usd"]) > parse_usd(figures["limit_usd"]) - parse_usd(figures["spent_usd"])
