"""A model's name decides which field carries the cap."""

import pytest

from farthing.wire.openai.models import LONGEST_REMEMBERED, cap_field, said_by, takes_low_effort


@pytest.mark.parametrize(
    "model", ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5-nano", "gpt-6.1-sol", "ft:gpt-5:x"]
)
def test_reasoning_models_take_only_the_new_field(model: str) -> None:
    assert cap_field(model, "max_tokens") == cap_field(model, None) == "max_completion_tokens"


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "chatgpt-4o-latest", "ft:gpt-4o-mini:org::id"])
def test_newer_models_get_the_new_field_unless_the_caller_used_the_old_one(model: str) -> None:
    assert cap_field(model, None) == "max_completion_tokens"
    assert cap_field(model, "max_tokens") == "max_tokens"


@pytest.mark.parametrize(
    "model", ["gpt-4", "gpt-3.5-turbo", "gpt-oss-120b", "llama-3.3-70b", "openai/o3", "deepseek-chat"]
)
def test_all_others_get_the_field_that_every_server_knows(model: str) -> None:
    assert cap_field(model, None) == "max_tokens"
    assert cap_field(model, "max_completion_tokens") == "max_completion_tokens"


def test_models_that_always_search_are_known_by_name() -> None:
    searching = ["gpt-4o-search-preview", "gpt-5-search-api-2025-10-14", "openai/gpt-4o:online"]
    assert all(said_by(model).always_searches for model in searching)
    assert not any(said_by(model).always_searches for model in ["gpt-4o", "research-7b", "o3-deep-research"])


def test_only_hosted_models_of_openai_have_its_template() -> None:
    hosted = ["gpt-4o", "o3", "gpt-3.5-turbo", "ft:gpt-4o:x", "chatgpt-4o-latest"]
    assert all(said_by(model).is_openai for model in hosted)
    assert not any(said_by(model).is_openai for model in ["gpt-oss-20b", "openai/gpt-4o", "mistral-large", "olmo-2"])


def test_a_name_is_read_once_and_one_that_is_no_models_is_not_remembered() -> None:
    assert said_by("gpt-4o") is said_by("gpt-4o")
    endless = "gpt-4o-" + "x" * LONGEST_REMEMBERED
    assert said_by(endless) == said_by("gpt-4o")
    assert said_by(endless) is not said_by(endless)


@pytest.mark.parametrize("model", ["gpt-5", "gpt-5-mini", "gpt-5.4", "o3", "o4-mini", "o1", "ft:gpt-5:acme"])
def test_reasoning_models_that_take_the_lowest_common_effort(model):
    assert takes_low_effort(model)


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-5-chat-latest", "gpt-5-pro", "o1-mini", "o3-deep-research", "qwen-max", "x/gpt-5"]
)
def test_models_that_do_not_reason_or_have_one_effort_only(model):
    assert not takes_low_effort(model)
