"""Which clients are wrapped, and by which two private names."""

import anthropic
import httpx2
import openai
import pytest

import farthing
from farthing.sdk.wrap import is_guarded, unguarded
from support.sdk_world import sdk


@pytest.mark.parametrize("kind", [openai.OpenAI, openai.AsyncOpenAI, anthropic.Anthropic, anthropic.AsyncAnthropic])
def test_the_copy_is_of_the_same_class_and_the_client_stays_as_it_is(kind):
    client = kind(api_key="k")
    http = client._client
    copy = farthing.wrap(client)
    assert isinstance(copy, kind)
    assert client._client is http
    assert is_guarded(copy._client)
    assert unguarded(copy._client) is http
    assert callable(kind._make_status_error)
    assert farthing.wrap(copy) is copy


@pytest.mark.parametrize("what", [None, object(), httpx2.Client])
def test_anything_else_is_told_what_to_do(what):
    with pytest.raises(farthing.Misused, match="farthing serve"):
        farthing.wrap(what)


def test_a_wrapped_client_is_not_given_a_run():
    with sdk(), farthing.budget("$1") as run, pytest.raises(farthing.Misused, match="wrapped already"):
        farthing.wrap(farthing.wrap(openai.OpenAI(api_key="k")), run=run)
