"""Which clients are wrapped, by which two private names, and that nothing gets out by a copy or by a web socket."""

import asyncio
import contextlib
import pickle
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import anthropic
import openai
import pytest

import farthing
from farthing.sdk.wrap import ELSEWHERE, is_guarded, unguarded
from support.maker_scenarios import CHAT
from support.sdk_provider import billed, simulated
from support.sdk_world import anthropic_client, ask, httpx_of, openai_client, sdk

MAKERS = [openai.OpenAI, openai.AsyncOpenAI, anthropic.Anthropic, anthropic.AsyncAnthropic]


@pytest.mark.parametrize("kind", MAKERS)
def test_the_copy_is_of_the_same_class_and_the_client_stays_as_it_is(kind):
    client = kind(api_key="k")
    http = client._client
    copy = farthing.wrap(client)
    assert isinstance(copy, kind)
    assert client._client is http
    assert is_guarded(copy._client)
    assert unguarded(copy._client) is http
    assert farthing.wrap(copy) is copy
    assert copy.max_retries == client.max_retries


@pytest.mark.parametrize("kind", MAKERS)
def test_the_two_private_names_are_what_they_are_taken_for(kind):
    client = kind(api_key="k")
    httpx = httpx_of(client)
    assert isinstance(client._client, httpx.AsyncClient if "Async" in kind.__name__ else httpx.Client)
    answer = httpx.Response(402, request=httpx.Request("POST", "http://x/"))
    made = client._make_status_error("no", body={"message": "no"}, response=answer)
    assert isinstance(made, sys.modules[kind.__module__.partition(".")[0]].APIStatusError)
    assert made.status_code == 402


@pytest.mark.parametrize("what", [None, object(), openai.Stream, anthropic.Stream, openai.OpenAI])
def test_anything_else_is_told_what_to_do(what):
    with pytest.raises(farthing.Misused, match="farthing serve"):
        farthing.wrap(what)
    with pytest.raises(farthing.Misused, match="not the class OpenAI"):
        farthing.wrap(openai.OpenAI)


@pytest.mark.parametrize("kind", [openai.OpenAI, anthropic.Anthropic])
def test_a_refusal_says_what_happened_and_nothing_before_it(kind):
    client = kind(api_key="k")
    body = {"error": {"message": "No.", "farthing": {"code": "suspended"}}}
    answer = httpx_of(client).Response(402, request=httpx_of(client).Request("POST", "http://x/"))
    told = body["error"] if kind is openai.OpenAI else body
    refused = farthing.wrap(client)._make_status_error("Error code: 402 - {…}", body=told, response=answer)
    assert isinstance(refused, farthing.Refused)
    assert (str(refused), refused.code) == ("No.", "suspended")


@pytest.mark.parametrize("kind", [openai.OpenAI, anthropic.Anthropic])
def test_a_refusal_goes_to_another_process_with_its_numbers_and_without_the_clients_own(kind):
    """Process pools and task queues send what was raised to whoever waits for it."""
    client = kind(api_key="k")
    told = {"budget": "a day", "unit": "usd", "needed": "0.6", "limit": "1"}
    body = {"error": {"message": "No.", "code": "budget_exceeded", "farthing": {"code": "budget_exceeded", **told}}}
    answer = httpx_of(client).Response(402, request=httpx_of(client).Request("POST", "http://x/"))
    inside = body["error"] if kind is openai.OpenAI else body
    raised = farthing.wrap(client)._make_status_error("Error code: 402 - {…}", body=inside, response=answer)
    assert isinstance(raised, (openai.APIStatusError, anthropic.APIStatusError))
    there = pickle.loads(pickle.dumps(raised))
    assert type(there) is farthing.BudgetExceeded
    assert (str(there), there.code, there.budget) == ("No.", "budget_exceeded", "a day")
    assert (there.needed, there.limit) == (Decimal("0.6"), 1)
    assert not hasattr(there, "response")


PLATFORMS = [
    kind
    for module in (openai, anthropic)
    for name in ELSEWHERE
    for kind in (getattr(module, name, None), getattr(module, f"Async{name}", None))
    if kind is not None
]


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: kind.__name__)
def test_clients_of_other_platforms_are_refused_at_once_by_name(kind):
    client = object.__new__(kind)  # most want credentials of their platform before they can be made
    with pytest.raises(farthing.Misused, match=f"does not understand what {kind.__name__} sends"):
        farthing.wrap(client)


def test_there_are_such_clients_in_each_generation():
    assert {"AnthropicBedrock", "AnthropicVertex", "BedrockOpenAI"} <= {kind.__name__ for kind in PLATFORMS}


def test_a_request_that_is_signed_with_its_body_is_refused_before_it_is_sent():
    with simulated() as provider, sdk(), farthing.budget("$1"):
        client = openai_client(provider, default_headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"})
        with pytest.raises(openai.BadRequestError, match="signed with its body"):
            ask(client)
        assert not provider.requests


def test_a_wrapped_client_is_given_no_run_and_no_stricter_rule():
    with sdk(), farthing.budget("$1") as run:
        client = farthing.wrap(openai.OpenAI(api_key="k"))
        with pytest.raises(farthing.Misused, match="wrapped already"):
            farthing.wrap(client, run=run)
        with pytest.raises(farthing.Misused, match="lets calls go that have no budget"):
            farthing.wrap(client, require_budget=True)
        strict = farthing.wrap(openai.OpenAI(api_key="k"), require_budget=True)
        assert farthing.wrap(strict, require_budget=True) is strict


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("made", [openai_client, anthropic_client])
@pytest.mark.parametrize("how", ["copy", "with_options"])
def test_a_copy_with_another_http_is_still_counted(made, how, is_async):
    async def main(provider):
        client = made(provider, is_async=is_async)
        httpx = httpx_of(client)
        http = (httpx.AsyncClient if is_async else httpx.Client)()
        other = getattr(client, how)(http_client=http, timeout=20)
        assert unguarded(other._client) is http
        assert farthing.wrap(other) is other
        with farthing.budget(calls=1) as run:
            for last in (False, True):
                if last:
                    with pytest.raises(farthing.BudgetExceeded):
                        await answered(ask(other))
                else:
                    await answered(ask(other))
            assert await asyncio.to_thread(lambda: run.spent.usd) == billed(provider) > 0
        await answered(client.close())
        await answered(other.close())

    with simulated() as provider, sdk():
        asyncio.run(main(provider))


async def answered(value):
    return await value if hasattr(value, "__await__") else value


def test_a_copy_of_a_copy_keeps_the_run_and_the_rule_of_the_first():
    with simulated() as provider, sdk():
        bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k")
        httpx = httpx_of(bare)
        with httpx.Client() as http:
            with farthing.budget("$1") as run:
                mine = farthing.wrap(bare, run=run).copy(http_client=http).with_options(max_retries=0)
            with pytest.raises(farthing.Refused) as caught:
                ask(mine)
            assert caught.value.code == "run_ended"
            with pytest.raises(farthing.NoBudget):
                ask(farthing.wrap(bare, require_budget=True).copy(http_client=http))
        assert not provider.requests


SOCKETS = ("realtime.connect", "beta.realtime.connect", "responses.connect", "beta.responses.connect")


@contextlib.contextmanager
def listening():
    """An address, and how often somebody has come there. Whoever comes is sent away."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def receive():
            with contextlib.suppress(OSError):
                while True:
                    guest, _ = server.accept()
                    came.append(guest.getsockname())
                    guest.close()

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def connect(client, path):
    for name in path.split("."):
        client = getattr(client, name)
    with client(**({} if "responses" in path else {"model": "gpt-realtime"})):
        pytest.fail("a web socket was opened")


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("azure", [False, True], ids=["openai", "azure"])
def test_web_sockets_have_nowhere_to_go_not_even_from_a_copy(path, azure):
    with listening() as (address, came):
        if azure:
            bare = openai.AzureOpenAI(azure_endpoint=f"http://{address}", api_version="2024-10-21", api_key="k")
        else:
            bare = openai.OpenAI(base_url=f"http://{address}/v1", api_key="k")
        aimed = {"websocket_base_url": f"ws://{address}/v1"}
        with pytest.raises(Exception):  # noqa: B017 - the bare client comes and is sent away, by whatever name
            connect(bare.with_options(**aimed), path)
        assert len(came) == 1
        for client in (farthing.wrap(bare), farthing.wrap(bare).with_options(**aimed), installed(bare, aimed)):
            with pytest.raises(Exception):  # noqa: B017 - there is no such host
                connect(client, path)
        assert len(came) == 1


def installed(bare, aimed):
    """A client made by code that one cannot touch."""
    farthing.install()
    try:
        return bare.with_options(**aimed)
    finally:
        farthing.uninstall()


def test_a_residency_of_data_opens_no_web_socket_either():
    client = farthing.wrap(openai.OpenAI(api_key="k"))
    try:
        copy = client.with_options(data_residency="eu")
    except TypeError:
        pytest.skip(f"openai {openai.__version__} has no residencies")
    assert str(copy.websocket_base_url).endswith(".invalid")


def test_two_clients_share_one_http_and_each_call_counts_once():
    with simulated() as provider, sdk():
        bare = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k")
        with httpx_of(bare).Client() as http:
            first, second = (farthing.wrap(bare.copy(http_client=http)) for _ in range(2))
            with farthing.budget(calls=2) as run:
                ask(first)
                ask(second)
                with pytest.raises(farthing.BudgetExceeded):
                    ask(first)
                assert run.spent.calls == 2
                assert run.spent.usd == billed(provider)


def test_threads_share_one_client_and_never_spend_more_than_there_is():
    def outcome(_):
        try:
            return ask(client).object
        except farthing.BudgetExceeded:
            return "refused"

    with simulated() as provider, sdk(), farthing.budget(calls=5) as run, ThreadPoolExecutor(16) as pool:
        client = openai_client(provider)
        said = list(pool.map(run.bind(outcome), range(20)))
        assert said.count("refused") == 15
        assert run.spent.calls == len(provider.bill) == 5
        assert run.spent.usd == billed(provider)


def test_a_post_of_the_users_own_is_a_call_like_any_other():
    with simulated() as provider, sdk(), farthing.budget(calls=1) as run:
        client = openai_client(provider)
        kind = type(ask(openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k")))
        provider.reset()
        assert client.post("/chat/completions", body=CHAT, cast_to=kind).choices
        assert run.spent.usd == billed(provider) > 0
        with pytest.raises(farthing.BudgetExceeded):
            client.post(f"{provider.url}/v1/chat/completions", body=CHAT, cast_to=kind)
        with pytest.raises(openai.BadRequestError, match="/v1/images/generations may cost money"):
            client.post("/images/generations", body={"prompt": "a cat"}, cast_to=object)
        assert len(provider.bill) == 1
