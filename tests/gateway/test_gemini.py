"""Gemini's addresses: calls, counts, what is refused by name, and queries that carry nothing we do not know."""

import json

import pytest

from farthing.domain.errors import BadRequest
from farthing.gateway.gemini import call_at, check_query, count_body, counted_at, page_query
from farthing.gateway.routes import CHAT, GEMINI, dialect_of


def refused(act, *arguments):
    with pytest.raises(BadRequest) as error:
        act(*arguments)
    return error.value


@pytest.mark.parametrize("version", ["/v1", "/v1beta"])
def test_a_call_is_bound_to_the_model_of_its_address(version):
    route = call_at(f"{version}/models/gemini-2.5-flash:generateContent", b"")
    assert (route.path, route.query) == (f"{version}/models/{{model}}:generateContent", "")
    asked = route.dialect.read(b'{"contents":[{"parts":[{"text":"a"}]}]}').asked
    assert (asked.model, asked.stream) == ("gemini-2.5-flash", False)


def test_a_stream_is_always_asked_for_as_events():
    route = call_at("/v1beta/models/gemini-2.5-flash:streamGenerateContent", b"alt=sse")
    assert (route.path, route.query) == ("/v1beta/models/{model}:streamGenerateContent", "alt=sse")
    assert route.dialect.read(b'{"contents":[{"parts":[{"text":"a"}]}]}').asked.stream
    error = refused(call_at, "/v1beta/models/gemini-2.5-flash:streamGenerateContent", b"")
    assert (error.status, error.field) == (400, "alt")
    assert "alt=sse" in error.message


def test_names_may_have_a_provider_in_front():
    route = call_at("/v1/models/gemini/gemini-2.5-flash:generateContent", b"alt=json")
    assert route.dialect.read(b'{"contents":[{"parts":[{"text":"a"}]}]}').asked.model == "gemini/gemini-2.5-flash"


@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/v1beta/models/../x:generateContent", "/v1beta/models/.x:generateContent", "/v1beta/models/:generateContent",
     "/v1beta/models/a/b/c/d/e:generateContent", "/v1beta/tunedModels/x:generateContent", "/v1alpha/models/x:generateContent",
     "/v1beta/models/x y:generateContent", "/v1beta/models/x:countTokens", "/v1beta/models/x?y:generateContent"],
)  # fmt: skip
def test_what_is_no_call_of_gemini_is_none(path):
    assert call_at(path, b"") is None


@pytest.mark.parametrize(
    "verb", ["embedContent", "batchEmbedContents", "batchGenerateContent", "predict", "generateAnswer"]
)
def test_other_verbs_are_refused_by_name(verb):
    error = refused(call_at, f"/v1beta/models/gemini-2.5-flash:{verb}", b"")
    assert (error.status, error.code) == (404, "not_found")
    assert f"`:{verb}`" in error.message
    assert ("/v1/embeddings" in error.message) is ("mbed" in verb)


@pytest.mark.parametrize("query", [b"key=AIza-secret", b"alt=sse&key=AIza-secret", b"%6bey=AIza-secret"])
@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent", "countTokens"])
def test_a_key_in_the_address_is_refused_and_never_repeated(query, verb):
    act = counted_at if verb == "countTokens" else call_at
    error = refused(act, f"/v1beta/models/gemini-2.5-flash:{verb}", query)
    assert error.status == 400
    assert "AIza" not in error.message


@pytest.mark.parametrize(
    "query",
    [
        b"fields=candidates",
        b"%24fields=candidates",
        b"alt=proto",
        b"callback=x",
        b"prettyPrint=false",
        b"access_token=x",
    ],
)
def test_what_could_change_the_answer_is_refused(query):
    assert refused(call_at, "/v1beta/models/gemini-2.5-flash:generateContent", query).status == 400


def test_a_count_has_an_address_of_its_own():
    found = counted_at("/v1/models/gemini-2.5-flash:countTokens", b"")
    assert (found["version"], found["model"]) == ("/v1", "gemini-2.5-flash")
    assert counted_at("/v1/models/gemini-2.5-flash:generateContent", b"") is None


def test_a_count_goes_on_as_it_is_but_for_its_model():
    plain = b'{"contents":[{"parts":[{"text":"a"}]}]}'
    assert count_body(plain, "a", "b") is plain
    whole = {"generateContentRequest": {"model": "models/a", "contents": []}}
    sent = json.loads(count_body(json.dumps(whole).encode(), "a", "b"))
    assert sent == {"generateContentRequest": {"model": "models/b", "contents": []}}
    assert refused(count_body, json.dumps(whole).encode(), "c", "b").field == "model"
    assert refused(count_body, b'{"generateContentRequest":5}', "a", "b").field == "generateContentRequest"


def test_pages_of_models_may_be_asked_for():
    assert page_query(b"pageSize=50&pageToken=x") == "pageSize=50&pageToken=x"
    assert refused(page_query, b"key=x").field == "key"
    assert check_query(b"", frozenset()) == []


@pytest.mark.parametrize(
    "path", ["/v1beta/models/x:generateContent", "/v1/models/x:generateContent", "/v1beta/cachedContents"]
)
def test_errors_are_googles_below_geminis_addresses(path):
    assert dialect_of(path) is GEMINI
    assert dialect_of("/v1/models/gpt-4o") is CHAT
