"""Google's own client, unmodified, through the gateway: the same answers as direct, and a cost that is exact everywhere."""

import asyncio
import contextlib
import json
import subprocess
import sys

import httpx2
import pytest

from farthing.domain.money import parse_usd
from support.gemini_gateway import gemini_gateway
from support.gemini_scenarios import BILLED, FLASH, QUESTION, client_of, perform, plain, refusal_of
from support.generations import environment_with

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
"""google-genai's own: aiohttp would rather not be inherited from."""

BUDGET = '[[budgets]]\nname = "all"\nlimit = "50 USD"\ntokens = 10_000_000\ncalls = 10_000\n'
BROKE = '[[budgets]]\nname = "all"\nlimit = "0.0000001 USD"\n'
TIGHT = '[[budgets]]\nname = "all"\nlimit = "0.0009 USD"\nfloor = 50\n'
KEYED = BUDGET + '[[keys]]\nname = "bot"\nsecret = "fk_of_the_bot_alone"\nlabels = { team = "support" }\n'
STREAMS = [name for name in BILLED if name.startswith("stream")]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with gemini_gateway(tmp_path_factory.mktemp("gemini"), BUDGET) as pair:
        yield pair


@pytest.fixture(scope="module")
def broke(tmp_path_factory):
    with gemini_gateway(tmp_path_factory.mktemp("broke"), BROKE) as pair:
        yield pair


def ask(url, name, *, is_async=False, key="AIza-own"):
    client = client_of(url, key)
    return asyncio.run(perform(client, BILLED[name], is_async=is_async))


def posted(gateway):
    gateway.flush()
    return {str(standing.account.unit): standing.posted for standing in gateway.engine.records.accounts("all")}


def count_of_calls(gateway):
    gateway.flush()
    return len(gateway.engine.records.recent(limit=1_000))


def post(gateway, path, body, **headers):
    """A raw request; `headers` with `_` for `-`."""
    own = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    with httpx2.Client(trust_env=False) as client:
        return client.post(f"{gateway.url}{path}", content=json.dumps(body).encode(), headers=own)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", list(BILLED))
def test_a_call_is_the_same_as_direct_and_its_cost_is_exact(both, name, is_async):
    gateway, provider = both
    provider.reset()
    direct = ask(provider.url, name, is_async=is_async)
    provider.reset()
    before = posted(gateway)
    through = ask(gateway.url, name, is_async=is_async)
    assert plain(through["objects"]) == plain(direct["objects"])
    (entry,) = provider.bill
    (attempt,) = gateway.record(through["headers"]["x-farthing-call-id"]).attempts
    assert (attempt.state, attempt.source, attempt.cost_nanos) == ("settled", "provider", entry.nanos)
    assert attempt.usage == entry.usage
    assert posted(gateway)["usd"] - before.get("usd", 0) == entry.nanos
    assert gateway.open("all") == 0
    assert (attempt.cap, attempt.served_model) == (entry.cap, entry.model)
    if name in STREAMS:
        assert "x-farthing-cost-usd" not in through["headers"]
    else:
        assert parse_usd(through["headers"]["x-farthing-cost-usd"]) == entry.nanos


def test_a_stream_carries_our_note_in_its_last_chunk(both):
    gateway, provider = both
    provider.reset()
    body = {"contents": [{"parts": [{"text": QUESTION}]}]}
    answer = post(gateway, f"/v1beta/models/{FLASH}:streamGenerateContent?alt=sse", body)
    *chunks, last = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert not any("farthing" in chunk for chunk in chunks)
    assert parse_usd(last["farthing"]["cost_usd"]) == provider.bill.nanos
    assert answer.headers["x-farthing-output-cap"] == "32000; default"


def test_googles_own_loop_over_functions_is_governed_call_by_call(both):
    gateway, provider = both
    provider.reset()

    def get_order(order_id: str) -> str:
        """Looks an order up."""
        return f"{order_id} was sent"

    for model in (FLASH, "gemini-3-flash-preview"):
        client = client_of(gateway.url, "AIza-own")  # kept here: without it its chat has no connections
        chat = client.chats.create(model=model, config={"tools": [get_order]})
        assert chat.send_message(f"{QUESTION} [[sim agent]]").text.startswith("Done. I used get_order")
    assert len(provider.bill) == 4
    assert gateway.open("all") == 0


def test_what_bills_nothing_is_the_same_as_direct_and_leaves_no_call(both):
    gateway, provider = both
    calls = count_of_calls(gateway)
    direct, through = (client_of(url, "AIza-own") for url in (provider.url, gateway.url))
    counts = [each.models.count_tokens(model=FLASH, contents=QUESTION).total_tokens for each in (direct, through)]
    names = [[model.name for model in each.models.list()] for each in (direct, through)]
    assert counts[0] == counts[1] > 5
    assert names[0] == names[1]
    assert f"models/{FLASH}" in names[1]
    assert through.models.get(model=FLASH).input_token_limit == 1_048_576
    assert count_of_calls(gateway) == calls


def test_embeddings_are_refused_by_name_and_nothing_is_sent(both):
    gateway, provider = both
    provider.reset()
    error = refusal_of(
        client_of(gateway.url, "AIza-own"), ("embed_content", {"model": "gemini-embedding-001", "contents": "a"})
    )
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")
    assert "/v1/embeddings" in error["message"]
    assert len(provider.requests) == 0


# Keys


def test_our_key_goes_to_google_and_the_callers_own_does_not(both):
    gateway, provider = both
    ask(gateway.url, "whole", key="AIza-of-the-caller")
    headers = provider.requests[-1].headers
    assert headers["x-goog-api-key"] == "AIza-provider-gemini"
    assert "AIza-of-the-caller" not in json.dumps(headers)


def test_without_a_key_of_ours_the_callers_own_is_passed_on(tmp_path):
    with gemini_gateway(tmp_path, BUDGET, key="") as (gateway, provider):
        ask(gateway.url, "whole", key="AIza-of-the-caller")
        assert provider.requests[-1].headers["x-goog-api-key"] == "AIza-of-the-caller"


def test_a_key_of_ours_is_presented_in_googles_header_and_labels_the_call(tmp_path):
    with gemini_gateway(tmp_path, KEYED) as (gateway, provider):
        said = ask(gateway.url, "whole", key="fk_of_the_bot_alone")
        opening = gateway.record(said["headers"]["x-farthing-call-id"]).opening
        assert (opening.key, dict(opening.labels)["team"]) == ("bot", "support")
        assert opening.route == "/v1/models/{model}:generateContent"
        error = refusal_of(client_of(gateway.url, "fk_of_nobody"), BILLED["whole"])
        assert (error["code"], error["status"]) == (401, "UNAUTHENTICATED")
        assert len(provider.bill) == 1


def test_a_key_in_the_address_goes_nowhere(both):
    gateway, provider = both
    provider.reset()
    body = {"contents": [{"parts": [{"text": "a"}]}]}
    for verb in ("generateContent", "countTokens"):
        answer = post(gateway, f"/v1beta/models/{FLASH}:{verb}?key=AIza-secret", body)
        assert answer.status_code == 400
        assert "AIza-secret" not in answer.text
        assert "x-goog-api-key" in answer.json()["error"]["message"]
    assert len(provider.requests) == 0


def test_a_field_mask_cannot_leave_the_usage_out(both):
    gateway, provider = both
    body = {"contents": [{"parts": [{"text": "a"}]}]}
    answer = post(
        gateway, f"/v1beta/models/{FLASH}:generateContent", body, x_goog_fieldmask="candidates", x_goog_user_project="p"
    )
    assert answer.status_code == 200
    assert {"x-goog-fieldmask", "x-goog-user-project"}.isdisjoint(provider.requests[-1].headers)


# At the limit


@pytest.mark.parametrize("name", list(BILLED))
def test_a_refused_client_sends_one_request_and_raises_its_own_error_with_our_words(broke, name):
    gateway, provider = broke
    seen = count_of_calls(gateway)
    assert_own_error(refusal_of(client_of(gateway.url, "AIza-own"), BILLED[name]))
    assert count_of_calls(gateway) - seen == 1, "although it may try three times"
    assert len(provider.bill) == 0, "but for the free count"


def assert_own_error(error):
    assert (error["class"], error["code"], error["status"]) == ("ClientError", 402, "RESOURCE_EXHAUSTED")
    assert "cannot pay for this call" in error["message"]
    assert "Raise it with `farthing budgets raise" in error["message"]
    figures = error["details"]["error"]["farthing"]
    assert (figures["code"], figures["budget"], figures["limit_usd"]) == ("budget_exceeded", "all", "0.0000001")


def test_a_cap_that_was_clamped_is_sent_and_told(tmp_path):
    with gemini_gateway(tmp_path, TIGHT) as (gateway, provider):
        said = asyncio.run(
            perform(
                client_of(gateway.url, "k"),
                ("generate_content", {"model": FLASH, "contents": QUESTION, "config": {"max_output_tokens": 5_000}}),
                is_async=False,
            )
        )
        (entry,) = provider.bill
        assert 50 <= entry.cap < 360
        assert said["headers"]["x-farthing-output-cap"] == f"{entry.cap}; clamped"
        sent = json.loads(provider.requests[-1].body)["generationConfig"]
        assert sent["thinkingConfig"] == {"thinkingBudget": 0}, "the room is for the answer"
        assert gateway.posted("all") == entry.nanos <= 900_000


def test_the_free_count_lets_a_call_in_that_bytes_alone_would_refuse(tmp_path):
    budget = '[[budgets]]\nname = "all"\nlimit = "0.004 USD"\nfloor = 16\n'
    with gemini_gateway(tmp_path, budget) as (gateway, provider):
        arguments = {"model": FLASH, "contents": "word " * 5_000, "config": {"max_output_tokens": 100}}
        said = asyncio.run(perform(client_of(gateway.url, "k"), ("generate_content", arguments), is_async=False))
        assert [request.path.rpartition(":")[2] for request in provider.requests] == ["countTokens", "generateContent"]
        record = gateway.record(said["headers"]["x-farthing-call-id"])
        assert record.attempts[0].opening.bound == "provider"
        assert gateway.posted("all") == provider.bill.nanos


def test_tools_that_bill_without_a_cap_are_refused_under_a_hard_budget(both):
    gateway, provider = both
    provider.reset()
    call = ("generate_content", {"model": FLASH, "contents": QUESTION, "config": {"tools": [{"google_search": {}}]}})
    error = refusal_of(client_of(gateway.url, "k"), call)
    assert (error["code"], error["details"]["error"]["farthing"]["code"]) == (402, "uncapped_feature")
    assert "google_search" in error["message"]
    assert len(provider.requests) == 0


def test_a_stream_that_its_client_leaves_is_paid_to_the_end(both):
    gateway, provider = both
    provider.reset()
    before = posted(gateway)["usd"]
    arguments = {"model": FLASH, "contents": "[[sim tokens=400]] go", "config": {"max_output_tokens": 900}}
    client = client_of(gateway.url, "k")
    stream = client.models.generate_content_stream(**arguments)
    next(iter(stream))
    stream.close()
    deadline = 200
    while gateway.open("all") and deadline:
        deadline -= 1
    (entry,) = provider.bill
    assert posted(gateway)["usd"] - before == entry.nanos


UNKNOWN = ["no_usage", "malformed_usage", "reset_after_events:events=3", "truncate:events=3"]
STREAMED, WHOLE = "streamGenerateContent?alt=sse", "generateContent"


@pytest.mark.parametrize(
    ("verb", "fault"),
    [*((verb, fault) for verb in (STREAMED, WHOLE) for fault in UNKNOWN), (STREAMED, "error_event:events=3")],
)
def test_what_nobody_knows_the_cost_of_stays_held(both, verb, fault):
    gateway, provider = both
    provider.reset()
    body = {
        "contents": [{"parts": [{"text": f"[[sim fault={fault}]] go"}]}],
        "generationConfig": {"maxOutputTokens": 300},
    }
    before, held = posted(gateway)["usd"], gateway.open("all")
    with contextlib.suppress(httpx2.RemoteProtocolError):  # a stream is cut as it came
        post(gateway, f"/v1beta/models/{FLASH}:{verb}", body)
    assert posted(gateway)["usd"] == before
    assert gateway.open("all") > held


def test_a_downgraded_call_goes_to_the_other_models_address(tmp_path):
    soft = '[tiers]\nsmall = ["gemini-2.5-flash-lite"]\n[[budgets]]\nname = "all"\nlimit = "5 USD"\nsoft = [{ at = 0.0, do = ["downgrade"] }]\n'
    with gemini_gateway(tmp_path, soft.replace("at = 0.0", "at = 0.000001")) as (gateway, provider):
        for _ in range(2):
            said = ask(gateway.url, "whole")
        assert provider.requests[-1].path == "/v1/models/gemini-2.5-flash-lite:generateContent"
        assert said["headers"]["x-farthing-model"] == "gemini-2.5-flash-lite"
        assert gateway.posted("all") == provider.bill.nanos


# The client generation before: google-genai 2.x, which asks /v1beta and speaks through httpx


@pytest.fixture(scope="session")
def genai_2(request, tmp_path_factory) -> dict[str, str]:
    """An environment in which google-genai is 2.34."""
    return environment_with("google-genai", "2.34", request.config, tmp_path_factory.mktemp("google-genai"))


def run_genai_2(environment, mode, url):
    """All calls of the older client against one address: name → what it saw."""
    command = [sys.executable, "-m", "support.gemini_scenarios", mode, url, "AIza-own"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["version"].split(".")[0] for line in lines} == {"2"}
    return {line["name"]: line for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_genai_2_gets_the_same_as_direct_and_its_cost_is_exact(both, genai_2, mode):
    gateway, provider = both
    provider.reset()
    direct = run_genai_2(genai_2, mode, provider.url)
    provider.reset()
    before = posted(gateway)
    through = run_genai_2(genai_2, mode, gateway.url)
    assert {name: plain(said["objects"]) for name, said in through.items()} == {
        name: plain(said["objects"]) for name, said in direct.items()
    }
    for said, entry in zip(through.values(), provider.bill, strict=True):
        (attempt,) = gateway.record(said["headers"]["x-farthing-call-id"]).attempts
        assert attempt.cost_nanos == entry.nanos
    assert {request.path.split("/")[1] for request in provider.requests} == {"v1beta"}
    assert posted(gateway)["usd"] - before.get("usd", 0) == provider.bill.nanos


@pytest.mark.slow
def test_genai_2_sends_one_request_when_refused(broke, genai_2):
    gateway, provider = broke
    seen = count_of_calls(gateway)
    for error in run_genai_2(genai_2, "refused", gateway.url).values():
        assert_own_error(error)
    assert count_of_calls(gateway) - seen == len(BILLED)
    assert len(provider.bill) == 0
