"""Everything a client of this generation can post: a call that is counted, free, or refused with its name before it is sent."""

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

import farthing
from farthing.sdk.routes import call_of, is_free
from support.front import front_of
from support.maker_scenarios import MESSAGES
from support.sdk_provider import simulated
from support.sdk_world import anthropic_client, openai_client, sdk

CALLS = {
    "openai": {"/chat/completions", "/responses", "/embeddings"},
    "anthropic": {"/v1/messages"},
}
FREE = {
    "openai": {
        "/batches/{}/cancel",
        "/chatkit/sessions/{}/cancel",
        "/conversations",
        "/conversations/{}",
        "/conversations/{}/items",
        "/evals/{}/runs/{}/cancel",
        "/files",
        "/fine_tuning/jobs/{}/cancel",
        "/fine_tuning/jobs/{}/pause",
        "/live/sessions/{}/hangup",
        "/live/sessions/{}/reject",
        "/moderations",
        "/realtime/calls/{}/hangup",
        "/realtime/calls/{}/reject",
        "/responses/input_tokens",
        "/responses/{}/cancel",
        "/threads/{}/runs/{}/cancel",
        "/uploads",
        "/uploads/{}/cancel",
        "/uploads/{}/complete",
        "/uploads/{}/parts",
        "/vector_stores/{}/file_batches/{}/cancel",
    },
    "anthropic": {"/v1/files", "/v1/messages/batches/{}/cancel", "/v1/messages/count_tokens"},
}
"""What no provider bills. Whatever else a client posts must be a call or is refused."""
_POSTS = re.compile(r'self\._(?:post|put|patch)\(\s*(?:path_template\(\s*)?f?"([^"?]+)')


def posted_by(module):
    """The paths that the package posts to, as its source has them."""
    texts = (path.read_text("utf-8") for path in Path(module.__file__).parent.glob("resources/**/*.py"))
    return {re.sub(r"\{[^}]*\}", "{}", path) for text in texts for path in _POSTS.findall(text)}


@pytest.mark.parametrize("module", [openai, anthropic], ids=lambda module: module.__name__)
def test_every_path_that_the_package_posts_to_is_counted_free_by_name_or_refused(module):
    maker = module.__name__
    base = "/v1" if maker == "openai" else ""
    paths = posted_by(module)
    asked = {path: f"{base}{path.replace('{}', 'x_1')}" for path in paths}
    assert {path for path in paths if call_of(maker, "POST", asked[path]) is not None} == CALLS[maker]
    assert {path for path in paths if is_free("POST", asked[path], maker)} <= FREE[maker]
    assert len(paths) > 40


FILE = ("a.txt", b"hello", "text/plain")
PAID = {
    "openai": {
        "batches": lambda c: c.batches.create(
            completion_window="24h", endpoint="/v1/chat/completions", input_file_id="f"
        ),
        "fine-tuning": lambda c: c.fine_tuning.jobs.create(model="gpt-4o-mini", training_file="f"),
        "images": lambda c: c.images.generate(prompt="a cat"),
        "edited images": lambda c: c.images.edit(image=FILE, prompt="a cat"),
        "speech": lambda c: c.audio.speech.create(input="hi", model="tts-1", voice="alloy"),
        "transcription": lambda c: c.audio.transcriptions.create(file=FILE, model="whisper-1"),
        "translation": lambda c: c.post("/audio/translations", body={}, cast_to=object),
        "old completions": lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt="hi"),
        "compaction": lambda c: c.responses.compact(model="gpt-4o-mini", input="hi"),
        "containers": lambda c: c.containers.create(name="x"),
        "vector stores": lambda c: c.vector_stores.create(),
        "videos": lambda c: c.post("/videos", body={}, cast_to=object),
        "realtime keys": lambda c: c.realtime.client_secrets.create(),
        "evals": lambda c: c.post("/evals", body={}, cast_to=object),
        "assistants' runs": lambda c: c.post("/threads/t_1/runs", body={}, cast_to=object),
    },
    "anthropic": {
        "batches": lambda c: c.messages.batches.create(requests=[{"custom_id": "a", "params": MESSAGES}]),
        "beta batches": lambda c: c.beta.messages.batches.create(requests=[{"custom_id": "a", "params": MESSAGES}]),
        "old completions": lambda c: c.post("/v1/complete", body={}, cast_to=object),
        "managed sessions": lambda c: c.post("/v1/sessions", body={}, cast_to=object),
        "skills": lambda c: c.post("/v1/skills", body={}, cast_to=object),
    },
}
FREELY = {
    "openai": {
        "models": lambda c: c.models.list(),
        "moderations": lambda c: c.moderations.create(input="hi"),
        "files": lambda c: c.files.create(file=FILE, purpose="batch"),
        "the content of files": lambda c: c.files.content("f_1"),
        "batches": lambda c: c.batches.retrieve("b_1"),
        "an end to batches": lambda c: c.batches.cancel("b_1"),
        "an end to fine-tuning": lambda c: c.fine_tuning.jobs.cancel("j_1"),
        "conversations": lambda c: c.conversations.create(),
        "counted tokens": lambda c: c.responses.input_tokens.count(model="gpt-4o-mini", input="hi"),
        "kept responses": lambda c: c.responses.delete("resp_1"),
    },
    "anthropic": {
        "models": lambda c: c.models.list(),
        "counted tokens": lambda c: c.messages.count_tokens(model=MESSAGES["model"], messages=MESSAGES["messages"]),
        "files": lambda c: c.beta.files.upload(file=FILE),
        "batches": lambda c: c.messages.batches.retrieve("b_1"),
        "an end to batches": lambda c: c.messages.batches.cancel("b_1"),
    },
}
CLIENTS = {"openai": openai_client, "anthropic": anthropic_client}


@pytest.fixture(scope="module")
def provider():
    """Where each request is seen as it arrives, also one that the provider behind it does not know."""
    with simulated() as running, front_of(urlsplit(running.url).port) as front, sdk():
        yield front


async def outcome(made, is_async):
    """What comes of a request: nothing, or the error that was raised."""
    try:
        value = made()
        if is_async and hasattr(value, "__await__"):
            await value
        elif is_async:
            async for _ in value:
                break
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        return error
    return None


async def asking(provider, maker, act, is_async):
    client = CLIENTS[maker](provider, is_async=is_async, max_retries=0)
    try:
        return await outcome(lambda: act(client), is_async)
    finally:
        closing = client.close()
        if closing is not None:
            await closing


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("maker", "name"), [(maker, name) for maker, acts in PAID.items() for name in acts])
def test_what_costs_and_is_not_priced_is_refused_by_name_before_it_is_sent(provider, maker, name, is_async):
    provider.arrived.clear()
    with farthing.budget("$1") as run:
        error = asyncio.run(asking(provider, maker, PAID[maker][name], is_async))
        assert run.spent.usd == 0
    assert error.status_code == 400
    assert "may cost money that Farthing does not count yet" in str(error)
    assert error.request.url.path in str(error)
    assert not provider.arrived


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("maker", "name"), [(maker, name) for maker, acts in FREELY.items() for name in acts])
def test_what_is_free_goes_to_the_provider_even_where_nothing_is_left(provider, maker, name, is_async):
    provider.arrived.clear()
    with farthing.budget("$0.000000001") as run:
        error = asyncio.run(asking(provider, maker, FREELY[maker][name], is_async))
        assert run.spent.usd == 0
        assert run.spent.calls == 0
    assert error is None or error.status_code == 404, "the simulated provider has few of these paths"
    assert error is None or "may cost money" not in str(error)
    assert len(provider.arrived) == 1


def test_what_is_free_at_openai_is_not_taken_to_be_free_elsewhere():
    for path in ("/v1/moderations", "/v1/conversations"):
        assert is_free("POST", path, "openai")
        assert not is_free("POST", path, "mistral")
        with sdk(), farthing.budget("$1"):
            client = farthing.wrap(openai.OpenAI(base_url="https://api.mistral.ai/v1", api_key="k"))
            with pytest.raises(openai.BadRequestError, match=f"POST {path} may cost money"):
                client.post(path.removeprefix("/v1"), body={}, cast_to=object)
