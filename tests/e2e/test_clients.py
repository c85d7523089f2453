"""The makers' own clients, unmodified, through the gateway: the same answers as direct, and a cost that is exact everywhere.

Four tellings of one number are compared to the nano-dollar: the header (or the note in a stream), the receipt, the
accounts, and the provider's own bill.
"""

import asyncio
import json
import subprocess
import sys

import pytest

from farthing.domain.money import parse_usd, usd
from support.gateway import gateway_and_provider
from support.generations import environment_with
from support.maker_scenarios import (
    ANTHROPIC,
    BILLED,
    CHAT,
    FREE,
    MESSAGES,
    OPENAI,
    client_of,
    note_of,
    perform_once,
    plain,
    refusal_of,
)  # fmt: skip

BUDGET = '[[budgets]]\nname = "all"\nlimit = "50 USD"\ntokens = 10_000_000\ncalls = 10_000\n'
BROKE = '[[budgets]]\nname = "all"\nlimit = "0.0000001 USD"\n'
EVERY = [(maker, name) for maker, calls in BILLED.items() for name in calls]
FREE_ONES = [(maker, name) for maker, calls in FREE.items() for name in calls]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("clients"), BUDGET) as pair:
        yield pair


@pytest.fixture(scope="module")
def broke(tmp_path_factory):
    with gateway_and_provider(tmp_path_factory.mktemp("broke"), BROKE) as pair:
        yield pair


def ask(maker, url, call, *, is_async):
    return asyncio.run(perform_once(maker, url, "sk-test", call, is_async=is_async))


def told_cost(said, streamed):
    """What the client was told, in nano-dollars."""
    told = note_of(said["objects"])["cost_usd"] if streamed else said["headers"]["x-farthing-cost-usd"]
    assert usd(parse_usd(told)) == told
    return parse_usd(told)


def posted_money(gateway):
    gateway.flush()
    return {str(s.account.unit): s.posted for s in gateway.engine.records.accounts("all")}


def assert_cost_is_exact(gateway, provider, before, said, arguments):
    """Header or note, receipt, accounts and bill say the same."""
    (entry,) = provider.bill
    record = gateway.record(said["headers"]["x-farthing-call-id"])
    (attempt,) = record.attempts
    after = posted_money(gateway)
    streamed = bool(arguments.get("stream"))
    if not streamed or note_of(said["objects"]) is not None:
        assert told_cost(said, streamed) == entry.nanos
    assert (attempt.state, attempt.source, attempt.cost_nanos) == ("settled", "provider", entry.nanos)
    assert attempt.usage == entry.usage
    assert attempt.cost_nanos * 1_000 == entry.picos + attempt.remainder_picos
    assert after["usd"] - before.get("usd", 0) == entry.nanos
    assert after["tokens"] - before.get("tokens", 0) == entry.usage.input_tokens + entry.usage.output_tokens
    assert after["calls"] - before.get("calls", 0) == 1
    assert gateway.open("all") == 0
    assert attempt.cap == (entry.cap or 0)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("maker", "name"), EVERY, ids=[name for _, name in EVERY])
def test_a_call_that_names_a_cap_is_the_same_as_direct_and_its_cost_is_exact(both, maker, name, is_async):
    gateway, provider = both
    call = BILLED[maker][name]
    provider.reset()
    direct = ask(maker, provider.url, call, is_async=is_async)
    provider.reset()
    before = posted_money(gateway)
    through = ask(maker, gateway.url, call, is_async=is_async)
    assert plain(through["objects"]) == plain(direct["objects"])
    assert_cost_is_exact(gateway, provider, before, through, call[1])
    assert "x-farthing-output-cap" not in through["headers"]
    if call[1].get("stream"):
        assert "x-farthing-cost-usd" not in through["headers"]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("maker", "name"), FREE_ONES, ids=[f"{maker}-{name}" for maker, name in FREE_ONES])
def test_what_bills_nothing_is_the_same_as_direct_and_leaves_no_call(both, maker, name, is_async):
    gateway, provider = both
    call = FREE[maker][name]
    direct = ask(maker, provider.url, call, is_async=is_async)
    before, calls = posted_money(gateway), len(gateway.engine.records.recent(limit=1_000))
    through = ask(maker, gateway.url, call, is_async=is_async)
    assert through["objects"] == direct["objects"]
    assert posted_money(gateway) == before
    assert len(gateway.engine.records.recent(limit=1_000)) == calls


def test_a_client_that_did_not_ask_for_usage_sees_none_and_is_billed_all_the_same(both):
    """What LangChain and most agents do: a stream without `stream_options`."""
    gateway, provider = both
    provider.reset()
    before = posted_money(gateway)
    said = ask("openai", gateway.url, OPENAI["chat_stream_without_usage"], is_async=False)
    sent = json.loads(provider.requests[-1].body)
    assert sent["stream_options"] == {"include_usage": True}
    assert all(chunk["usage"] is None and chunk["choices"] for chunk in said["objects"])
    assert "farthing" not in json.dumps(said["objects"])
    assert_cost_is_exact(gateway, provider, before, said, OPENAI["chat_stream_without_usage"][1])


def test_the_streaming_helpers_of_both_clients_work(both):
    gateway, provider = both
    provider.reset()
    with (
        client_of("anthropic", gateway.url, "sk-test") as anthropic,
        anthropic.messages.stream(**MESSAGES) as stream,
    ):
        assert len("".join(stream.text_stream)) > 20
        message = stream.get_final_message()
    with client_of("openai", gateway.url, "sk-test") as openai:
        with openai.chat.completions.stream(
            **{**CHAT, "max_tokens": 900}, stream_options={"include_usage": True}
        ) as chat:
            chat.until_done()
            completion = chat.get_final_completion()
        with openai.responses.stream(model="gpt-4o-mini", input="hello", max_output_tokens=900) as made:
            made.until_done()
            response = made.get_final_response()
    usages = [(e.usage.input_tokens, e.usage.output_tokens) for e in provider.bill]
    assert (message.usage.input_tokens, message.usage.output_tokens) == usages[0]
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == usages[1]
    assert (response.usage.input_tokens, response.usage.output_tokens) == usages[2]


def test_a_client_that_names_no_cap_is_told_the_cap_it_got(both):
    gateway, provider = both
    provider.reset()
    arguments = {name: value for name, value in CHAT.items() if name != "max_tokens"}
    said = ask("openai", gateway.url, ("chat.completions.create", arguments), is_async=False)
    (entry,) = provider.bill
    assert said["headers"]["x-farthing-output-cap"] == "8192; default"
    assert entry.cap == 8_192


# Refusals


@pytest.mark.parametrize(("maker", "name"), EVERY, ids=[name for _, name in EVERY])
def test_a_refused_client_sends_one_request_and_raises_its_own_error_with_our_words(broke, maker, name):
    gateway, provider = broke
    seen = len(gateway.engine.records.recent(limit=1_000))
    error = refusal_of(maker, gateway.url, "sk-test", BILLED[maker][name])
    gateway.flush()
    calls = gateway.engine.records.recent(limit=1_000)
    assert len(calls) - seen == 1, "each client sends exactly one request"
    assert (calls[0].outcome, calls[0].code, calls[0].attempts) == ("refused", "budget_exceeded", 0)
    assert_own_error(maker, error)
    assert len(provider.bill) == 0


def assert_own_error(maker, error):
    assert error["class"] == {"openai": "APIStatusError", "anthropic": "PaymentRequiredError"}[maker]
    assert error["status"] == 402
    assert "cannot pay for this call" in error["message"]
    assert "Raise it with `farthing budgets raise" in error["message"]
    if maker == "openai":
        assert (error["code"], error["type"]) == ("budget_exceeded", "insufficient_quota")
        figures = error["body"]["farthing"]
    else:
        assert error["body"]["error"]["type"] == "billing_error"
        figures = error["body"]["farthing"]
    assert figures["budget"] == "all"
    assert figures["limit_usd"] == "0.0000001"
    assert parse_usd(figures["needed_usd"]) > parse_usd(figures["limit_usd"])


def test_a_refused_async_client_sends_one_request_too(broke):
    import anthropic
    import openai

    gateway, provider = broke
    seen = len(gateway.engine.records.recent(limit=1_000))
    with pytest.raises(openai.APIStatusError):
        ask("openai", gateway.url, OPENAI["chat_stream"], is_async=True)
    with pytest.raises(anthropic.APIStatusError):
        ask("anthropic", gateway.url, ANTHROPIC["messages_stream"], is_async=True)
    gateway.flush()
    assert len(gateway.engine.records.recent(limit=1_000)) - seen == 2
    assert len(provider.bill) == 0


# The client generation before: openai 2.x, which speaks through httpx


@pytest.fixture(scope="session")
def openai_2(request, tmp_path_factory) -> dict[str, str]:
    """An environment in which `import openai` is 2.54."""
    return environment_with("openai", "2.54", request.config, tmp_path_factory.mktemp("openai"))


def run_openai_2(environment, mode, url):
    """All calls of the older client against one address: name → what it saw."""
    command = [sys.executable, "-m", "support.maker_scenarios", "openai", mode, url, "sk-test"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["version"].split(".")[0] for line in lines} == {"2"}
    return {line["name"]: line for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_openai_2_gets_the_same_as_direct_and_its_cost_is_exact(both, openai_2, mode):
    gateway, provider = both
    provider.reset()
    direct = run_openai_2(openai_2, mode, provider.url)
    provider.reset()
    before = posted_money(gateway)
    through = run_openai_2(openai_2, mode, gateway.url)
    assert {name: plain(said["objects"]) for name, said in through.items()} == {
        name: plain(said["objects"]) for name, said in direct.items()
    }
    entries = list(provider.bill)
    assert len(entries) == len(OPENAI)
    for (name, said), entry in zip(through.items(), entries, strict=True):
        (attempt,) = gateway.record(said["headers"]["x-farthing-call-id"]).attempts
        assert attempt.cost_nanos == entry.nanos
        if name != "chat_stream_without_usage":
            assert told_cost(said, bool(OPENAI[name][1].get("stream"))) == entry.nanos
    assert posted_money(gateway)["usd"] - before.get("usd", 0) == provider.bill.nanos


@pytest.mark.slow
def test_openai_2_sends_one_request_when_refused(broke, openai_2):
    gateway, provider = broke
    seen = len(gateway.engine.records.recent(limit=1_000))
    errors = run_openai_2(openai_2, "refused", gateway.url)
    gateway.flush()
    assert len(gateway.engine.records.recent(limit=1_000)) - seen == len(OPENAI)
    for error in errors.values():
        assert_own_error("openai", error)
    assert len(provider.bill) == 0
