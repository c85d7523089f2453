"""The provider speaks Gemini, and the gateway's reader, which shares no code with it, reads exactly what it billed."""

import json

import httpx2
import pytest

from farthing.testing import Reply, Settings, SimulatedProvider, ToolCall
from farthing.testing.gemini import generate_at
from farthing.wire.gemini.generate import GenerateDialect
from support.gemini_wire import GET_ORDER, call, model, result, user
from support.simulated import events_of

LONG = "word " * 5_000
TRUTHFUL = ["", "usage_twice", "usage_every_chunk", "usage_with_choices", "zero_usage"]
SHAPES = [
    {},
    {"system_instruction": {"parts": {"text": "be brief"}}},
    {"generationConfig": {"candidateCount": 2, "maxOutputTokens": 50}},
    {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 400}}},
    {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
    {"tools": [GET_ORDER], "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
    {"contents": [user(LONG)]},
    {"contents": [user("a"), model(call()), result(), user("and?")], "tools": [GET_ORDER]},
    {"serviceTier": "flex"},
]


@pytest.fixture(scope="module")
def provider():
    with SimulatedProvider(Settings(answer_tokens=20)).in_thread() as running:
        yield running


def body(**more):
    return {"contents": [user("Where is my order A-1001?")], **more}


def post(provider, what, *, name="gemini-2.5-flash", verb="generateContent", key="AIza-test", **headers):
    query = "?alt=sse" if verb.startswith("stream") else ""
    own = {"content-type": "application/json", **({"x-goog-api-key": key} if key else {})}
    data = what if isinstance(what, bytes) else json.dumps(what).encode()
    with httpx2.Client(trust_env=False) as client:
        url = f"{provider.url}/v1beta/models/{name}:{verb}{query}"
        return client.post(url, content=data, headers={**own, **headers})


def read_back(provider, shape, *, stream, fault="", name="gemini-2.5-flash"):
    """What the gateway's reader makes of an answer to what the gateway's writer sent."""
    verb = "streamGenerateContent" if stream else "generateContent"
    draft = GenerateDialect(name, stream=stream).read(json.dumps(body(**shape)).encode())
    headers = {"x-sim-fault": fault} if fault else {}
    answer = post(provider, draft.outbound(model=name, cap=None), name=name, verb=verb, **headers)
    assert answer.status_code == 200, answer.text
    if not stream:
        return draft, GenerateDialect(name).answered(answer.content)
    reader = draft.stream()
    reader.feed(answer.content)
    reader.close()
    return draft, reader.answered()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", TRUTHFUL)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_gateway_reads_exactly_what_the_provider_billed(provider, shape, fault, stream):
    for _ in range(2):  # the second time from the provider's cache
        _, answered = read_back(provider, shape, stream=stream, fault=fault)
        assert answered.usage == provider.bill.entries[-1].usage


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["no_usage", "negative_usage", "huge_usage", "malformed_usage"])
def test_what_is_not_usage_is_never_read_as_usage(provider, fault, stream):
    assert read_back(provider, {}, stream=stream, fault=fault)[1].usage is None


@pytest.mark.parametrize("shape", SHAPES)
def test_the_provider_never_bills_more_input_than_the_gateways_bound(provider, shape):
    draft, _ = read_back(provider, shape, stream=False)
    billed = provider.bill.entries[-1].usage.input_tokens
    assert 0 < billed <= draft.asked.text_bytes + draft.asked.overhead_tokens


def test_a_repeated_prefix_is_found_in_the_implicit_cache_from_the_models_minimum_on(provider):
    provider.reset()
    for name, length, cached in (
        ("gemini-2.5-flash", 2_100, True),
        ("gemini-2.5-flash", 1_900, False),
        ("gemini-3-flash-preview", 2_100, False),
        ("gemini-2.0-flash", 5_000, False),
    ):
        asked = body(contents=[user(f"{name} {length} " + "word " * length)])
        first, second = (post(provider, asked, name=name).json()["usageMetadata"] for _ in range(2))
        assert "cachedContentTokenCount" not in first
        assert ("cachedContentTokenCount" in second) is cached


def test_a_count_is_free_and_what_is_then_billed(provider):
    provider.reset()
    asked = body(tools=[GET_ORDER])
    counted = post(
        provider, {"generateContentRequest": {**asked, "model": "models/gemini-2.5-flash"}}, verb="countTokens"
    ).json()
    assert len(provider.bill) == 0
    assert post(provider, asked).json()["usageMetadata"]["promptTokenCount"] == counted["totalTokens"]
    provider.count_faults.push("503")
    assert post(provider, asked, verb="countTokens").status_code == 503


def test_a_stream_has_its_usage_in_every_chunk_and_its_calls_whole(provider):
    provider.script.push(Reply(text="I look.", tools=(ToolCall("get_order", {"order_id": "A-1001"}),)))
    chunks = [data for _, data in events_of(post(provider, body(tools=[GET_ORDER]), verb="streamGenerateContent").text)]
    parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
    assert [part["functionCall"] for part in parts if "functionCall" in part] == [
        {"name": "get_order", "args": {"order_id": "A-1001"}}
    ]
    totals = [chunk["usageMetadata"]["totalTokenCount"] for chunk in chunks]
    assert totals == sorted(totals)
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks].count("STOP") == 1


def test_gemini_3_names_its_calls_and_wants_their_signatures_back(provider):
    provider.script.push(Reply(tools=(ToolCall("get_order", {"order_id": "A"}),)))
    asked = body(tools=[GET_ORDER])
    (part,) = post(provider, asked, name="gemini-3-flash-preview").json()["candidates"][0]["content"]["parts"]
    assert part["functionCall"]["id"].startswith("call_")
    told = [*asked["contents"], model(part), result(id=part["functionCall"]["id"])]
    assert post(provider, {**asked, "contents": told}, name="gemini-3-flash-preview").status_code == 200
    part.pop("thoughtSignature")
    refused = post(provider, {**asked, "contents": told}, name="gemini-3-flash-preview")
    assert "missing a thought_signature" in refused.json()["error"]["message"]


def test_a_cap_cuts_and_says_so(provider):
    answer = post(provider, body(generationConfig={"maxOutputTokens": 70})).json()
    assert answer["candidates"][0]["finishReason"] == "MAX_TOKENS"
    usage = answer["usageMetadata"]
    assert usage["thoughtsTokenCount"] + usage["candidatesTokenCount"] == 70


@pytest.mark.parametrize(
    ("key", "status", "words"), [("", 403, "unregistered callers"), ("wrong", 400, "API key not valid")]
)
def test_a_key_is_wanted_in_googles_header(key, status, words):
    with SimulatedProvider(Settings(keys=("right",))).in_thread() as strict:
        answer = post(strict, body(), key=key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)
        assert words in answer.json()["error"]["message"]
        assert post(strict, body(), key="right").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "word"),
    [("429", 429, "RESOURCE_EXHAUSTED"), ("500", 500, "INTERNAL"), ("503", 503, "UNAVAILABLE")],
)
def test_errors_are_googles(provider, fault, status, word):
    error = post(provider, body(), **{"x-sim-fault": fault}).json()["error"]
    assert (error["code"], error["status"]) == (status, word)


def test_a_model_that_is_not_there_is_not_found():
    with SimulatedProvider(Settings(models=("gemini-2.5-flash",))).in_thread() as small:
        answer = post(small, body(), name="gemini-9")
        assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_the_list_of_models_is_googles(provider):
    with httpx2.Client(trust_env=False) as client:
        listed = client.get(f"{provider.url}/v1beta/models", headers={"x-goog-api-key": "k"}).json()["models"]
        one = client.get(f"{provider.url}/v1beta/models/gemini-2.5-pro", headers={"x-goog-api-key": "k"}).json()
    assert "models/gemini-2.5-flash" in [each["name"] for each in listed]
    assert (one["inputTokenLimit"], one["thinking"]) == (1_048_576, True)


def test_addresses_are_taken_apart():
    form = generate_at("/v1/models/gemini-2.5-flash@no_usage:streamGenerateContent")
    assert (form.model, form.verb) == ("gemini-2.5-flash@no_usage", "streamGenerateContent")
    assert generate_at("/v1beta/models/gemini-2.5-flash:embedContent") is None
