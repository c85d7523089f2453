"""One key, one answer: through a whole gateway, counted at the provider and in the ledger."""

import contextlib
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from farthing.domain.money import parse_usd, usd
from farthing.ports.claims import Claim
from support.admin import ADMIN, BUDGET, CALLER, CHAT, JSON, KEYS, ask, bearer, chat
from support.gateway import gateway_and_provider, running_gateway
from support.hasty import PATHS, body_of, eventually, hasty_gateway, headers_of

ROUTES = [(dialect, stream) for dialect in PATHS for stream in (False, True)]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("once"), BUDGET) as pair:
        yield pair


@pytest.fixture(autouse=True)
def no_faults(request):
    yield
    if "both" in request.fixturenames:
        request.getfixturevalue("both")[1].faults.clear()


def keyed(gateway, dialect, key, *, stream=False, **more):
    headers = {name.replace("-", "_"): value for name, value in headers_of(dialect).items()}
    return ask(gateway, "POST", PATHS[dialect], body_of(dialect, stream=stream, **more), idempotency_key=key, **headers)


def code_of(answer):
    error = answer.json()
    return error["error"].get("code") or error["farthing"]["code"]


def money(gateway):
    return gateway.posted("all"), gateway.open("all")


@pytest.mark.parametrize(("dialect", "stream"), ROUTES)
def test_i12_fifty_requests_at_once_are_one_dispatch_and_one_charge(both, dialect, stream):
    gateway, provider = both
    posted, sent, billed = gateway.posted("all"), len(provider.requests), provider.bill.nanos
    provider.faults.push("latency:seconds=0.2")
    with ThreadPoolExecutor(50) as pool:
        key = f"fifty {dialect} {stream}"
        answers = list(pool.map(lambda _: keyed(gateway, dialect, key, stream=stream), range(50)))
    assert len(provider.requests) - sent == 1
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert sorted(answer.headers.get("x-farthing-replayed", "") for answer in answers) == ["", *["true"] * 49]
    assert len({answer.headers["x-farthing-call-id"] for answer in answers}) == 1
    assert gateway.posted("all") - posted == provider.bill.nanos - billed > 0
    assert gateway.open("all") == 0


@pytest.mark.parametrize(("dialect", "stream"), ROUTES)
def test_i12_a_replay_is_the_same_answer_byte_for_byte_and_costs_nothing(both, dialect, stream):
    gateway, provider = both
    first = keyed(gateway, dialect, f"replay {dialect} {stream}", stream=stream)
    before, sent = money(gateway), len(provider.requests)
    again = keyed(gateway, dialect, f"replay {dialect} {stream}", stream=stream)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (200, first.content)
    assert dict(again.headers) == {**first.headers, "x-farthing-replayed": "true"}
    if not stream:
        assert parse_usd(again.headers["x-farthing-cost-usd"]) > 0
    assert (money(gateway), len(provider.requests)) == (before, sent)


def test_i12_another_body_is_refused_and_nothing_is_held_or_sent(both):
    gateway, provider = both
    first = keyed(gateway, "chat", "reused")
    before, sent = money(gateway), len(provider.requests)
    for dialect in ("chat", "messages"):  # another body, and another route
        no = keyed(gateway, dialect, "reused", cap=77)
        assert (no.status_code, code_of(no)) == (422, "idempotency_key_reused")
        assert first.headers["x-farthing-call-id"] in no.text
        assert no.headers["x-should-retry"] == "false"
    assert (money(gateway), len(provider.requests)) == (before, sent)
    assert keyed(gateway, "chat", "reused").content == first.content


def test_i12_another_body_is_refused_while_the_first_is_under_way(both):
    gateway, provider = both
    provider.faults.push("latency:seconds=0.5")
    sent = len(provider.requests)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keyed, gateway, "chat", "under way")
        eventually(lambda: len(provider.requests) > sent, "the first is sent")
        assert keyed(gateway, "chat", "under way", cap=77).status_code == 422
        assert first.result().status_code == 200
    assert len(provider.requests) - sent == 1


def test_whoever_will_not_wait_for_the_first_is_told_when_to_ask_again(both):
    gateway, provider = both
    provider.faults.push("latency:seconds=0.5")
    sent = len(provider.requests)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keyed, gateway, "chat", "impatient")
        eventually(lambda: len(provider.requests) > sent, "the first is sent")
        no = chat(gateway, body_of("chat", stream=False), idempotency_key="impatient", x_stainless_timeout="0.01")
        assert (no.status_code, code_of(no), no.headers["retry-after"]) == (409, "idempotency_in_progress", "1")
        assert "x-should-retry" not in no.headers
        assert first.result().status_code == 200
    assert len(provider.requests) - sent == 1


def test_i26_the_same_key_of_another_tenant_is_another_call(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET + KEYS) as (gateway, provider):
        answers = [chat(gateway, idempotency_key="same", **bearer(secret)) for secret in (ADMIN, CALLER)]
        other = chat(gateway, {"max_tokens": 7}, idempotency_key="mine", **bearer(ADMIN))
        unlike = chat(gateway, {"max_tokens": 8}, idempotency_key="mine", **bearer(CALLER))
        assert [answer.status_code for answer in (*answers, other, unlike)] == [200] * 4
        assert len({answer.headers["x-farthing-call-id"] for answer in (*answers, other, unlike)}) == 4
        assert len(provider.requests) == 4
        assert gateway.posted("all") == provider.bill.nanos


def test_the_key_stays_here_since_the_provider_knows_one_account_for_all_tenants(both):
    gateway, provider = both
    keyed(gateway, "chat", "stays here")
    assert "idempotency" not in str(provider.requests[-1].headers).lower()


def test_i12_a_key_whose_call_died_before_it_held_money_is_free(both):
    """What is left of a process that was killed between its claim and its reserve."""
    gateway, provider = both
    engine, body = gateway.engine, body_of("chat", stream=False)
    dead = _claim_for(gateway, "died early", body)
    engine.store.claims.claim(dead)
    sent = len(provider.requests)
    answer = keyed(gateway, "chat", "died early")
    assert answer.status_code == 200
    assert len(provider.requests) - sent == 1
    assert not engine.store.claims.holds(dead)
    assert keyed(gateway, "chat", "died early").content == answer.content


def _claim_for(gateway, key, body, at_ms=None):
    from farthing.gateway.idempotency import fingerprint

    now = gateway.engine.now_ms() if at_ms is None else at_ms
    return Claim(
        tenant="(keyless)",
        key=key,
        fingerprint=fingerprint("openai-chat /chat/completions?", json.dumps(body).encode()),
        call=gateway.engine.mint(now),
        at_ms=now,
    )


def test_i12_an_unknown_outcome_is_never_sent_again(tmp_path):
    """The provider took the request and broke off: the same failure is told again, and after a restart that it is gone."""
    with hasty_gateway(tmp_path) as (gateway, provider):
        provider.faults.push("reset_before_headers")
        first = keyed(gateway, "chat", "lost")
        assert first.status_code == 502
        before = money(gateway)
        assert before[1] > 0
        again = keyed(gateway, "chat", "lost")
        assert (again.status_code, again.content, again.headers["x-farthing-replayed"]) == (502, first.content, "true")
        assert (money(gateway), len(provider.requests)) == (before, 1)
        with running_gateway(tmp_path / "farthing.toml") as other:
            gone = keyed(other, "chat", "lost")
            assert (gone.status_code, code_of(gone)) == (409, "idempotency_answer_gone")
            assert first.headers["x-farthing-call-id"] in gone.text
            assert gone.headers["x-should-retry"] == "false"
        assert (money(gateway), len(provider.requests)) == (before, 1)


def test_i12_a_paid_answer_that_is_gone_is_not_bought_again(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET) as (gateway, provider):
        assert keyed(gateway, "messages", "paid").status_code == 200
        before = money(gateway)
        with running_gateway(tmp_path / "farthing.toml") as other:
            gone = keyed(other, "messages", "paid")
            assert (gone.status_code, code_of(gone)) == (409, "idempotency_answer_gone")
        assert (money(gateway), len(provider.requests)) == (before, 1)


def test_what_the_provider_refused_without_a_bill_may_be_asked_again(both):
    gateway, provider = both
    before = len(provider.requests)
    provider.faults.push("429")
    assert keyed(gateway, "chat", "throttled").status_code == 429
    again = keyed(gateway, "chat", "throttled")
    assert (again.status_code, again.headers.get("x-farthing-replayed")) == (200, None)
    assert len(provider.requests) == before + 2
    assert gateway.open("all") == 0


@pytest.mark.parametrize("status", ["429", "529", "400"])
@pytest.mark.parametrize("dialect", PATHS)
def test_a_try_again_at_once_is_a_new_attempt_however_early_it_comes(both, dialect, status):
    """The key is free before the first byte of what cost nothing is read."""
    gateway, provider = both
    for number in range(5):
        sent = len(provider.requests)
        provider.faults.push(status)
        key = f"again {dialect} {status} {number}"
        assert keyed(gateway, dialect, key).status_code == int(status)
        again = keyed(gateway, dialect, key)
        assert (again.status_code, again.headers.get("x-farthing-replayed")) == (200, None)
        assert len(provider.requests) == sent + 2


def test_of_many_at_once_one_is_refused_and_one_at_most_is_sent_after_it(both):
    gateway, provider = both
    sent = len(provider.requests)
    provider.faults.push("429")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: keyed(gateway, "chat", "refused together"), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert len(provider.requests) - sent <= 2
    assert gateway.open("all") == 0


def test_a_refusal_of_ours_leaves_the_key_free(tmp_path):
    poor = '[[budgets]]\nname = "all"\nlimit = "0.000001 USD"\nwait = "0s"\n'
    with gateway_and_provider(tmp_path, poor) as (gateway, provider):
        refusals = [keyed(gateway, "chat", "poor") for _ in "ab"]
        assert [code_of(answer) for answer in refusals] == ["budget_exceeded"] * 2
        assert len({answer.headers["x-farthing-call-id"] for answer in refusals}) == 2
        assert "x-farthing-replayed" not in refusals[1].headers
        assert len(provider.requests) == 0


def test_a_client_that_left_its_stream_finds_all_of_it_under_its_key(both):
    gateway, provider = both
    whole = keyed(gateway, "chat", "as a yardstick", stream=True)
    sent = len(provider.requests)
    provider.faults.push("slow:seconds=0.02")
    headers = {**headers_of("chat"), "idempotency-key": "left"}
    with httpx2.Client(trust_env=False) as client:
        body = body_of("chat", stream=True)
        with client.stream("POST", gateway.url + PATHS["chat"], json=body, headers=headers) as answer:
            next(answer.iter_raw())
    again = keyed(gateway, "chat", "left", stream=True)
    assert again.headers["x-farthing-replayed"] == "true"
    assert again.text.count("data:") == whole.text.count("data:")
    assert again.text.rstrip().endswith("data: [DONE]")
    assert len(provider.requests) - sent == 1


@pytest.mark.parametrize("key", ["x" * 256, "", "caf\xe9"])
def test_what_cannot_be_a_key_is_refused_before_anything_is_sent(both, key):
    gateway, provider = both
    sent = len(provider.requests)
    no = chat(gateway, idempotency_key=key.encode("latin-1"))
    assert (no.status_code, no.json()["error"]["param"]) == (400, "idempotency-key")
    assert len(provider.requests) == sent


def test_two_keys_on_one_request_are_refused(both):
    gateway, provider = both
    sent = len(provider.requests)
    with httpx2.Client(trust_env=False) as client:
        headers = [*JSON.items(), ("idempotency-key", "a"), ("idempotency-key", "b")]
        no = client.post(gateway.url + PATHS["chat"], content=json.dumps(CHAT).encode(), headers=headers)
    assert no.status_code == 400
    assert len(provider.requests) == sent


def test_without_a_key_the_same_request_is_another_call_each_time(both):
    gateway, provider = both
    sent = len(provider.requests)
    ids = {chat(gateway).headers["x-farthing-call-id"] for _ in "ab"}
    assert (len(ids), len(provider.requests) - sent) == (2, 2)


def test_old_claims_are_swept_in_passing(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET) as (gateway, _):
        ancient = _claim_for(gateway, "ancient", {}, at_ms=1)
        recent = _claim_for(gateway, "recent", {})
        for claim in (ancient, recent):
            gateway.engine.store.claims.claim(claim)
        keyed(gateway, "chat", "passing")
        eventually(lambda: not gateway.engine.store.claims.holds(ancient), "the old claim is dropped")
        assert gateway.engine.store.claims.holds(recent)


def test_an_error_of_the_store_is_a_503_and_the_key_stays_free(both):
    gateway, provider = both
    sent = len(provider.requests)
    engine = gateway.engine
    with contextlib.closing(sqlite3.connect(engine.settings.store.url.removeprefix("sqlite:///"))) as file:
        file.execute("CREATE TRIGGER fail BEFORE INSERT ON claim BEGIN SELECT raise(FAIL, 'disk I/O error'); END")
        no = keyed(gateway, "chat", "broken disk")
        file.execute("DROP TRIGGER fail")
    assert (no.status_code, code_of(no), len(provider.requests)) == (503, "ledger_unavailable", sent)
    assert keyed(gateway, "chat", "broken disk").status_code == 200
    assert usd(gateway.open("all")) == "0"
