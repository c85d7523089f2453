"""Words for what bills without a cap."""

import json

import pytest

from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.openai.responses import ResponsesDialect
from farthing.wire.uncapped import named, remedy

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
RESPONSES = {"model": "m", "input": "x"}
MESSAGES = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def said(dialect, body):
    asked = dialect.read(json.dumps(body).encode()).asked
    field, kind = asked.uncapped[0], asked.uncapped_kind
    return named(field, kind), remedy(dialect.name, field, kind)


@pytest.mark.parametrize(
    ("dialect", "body", "name", "what"),
    [
        (
            MessagesDialect(),
            {**MESSAGES, "tools": [SEARCH]},
            "`tools[0]` of type `web_search_20250305`",
            "limit it with `max_uses`, leave out `tools[0]`",
        ),
        (
            MessagesDialect(),
            {**MESSAGES, "tools": [{"type": "code_execution_20250825", "name": "c"}]},
            "`tools[0]` of type `code_execution_20250825`",
            "leave out `tools[0]`, which no setting can limit",
        ),
        (
            ResponsesDialect(),
            {**RESPONSES, "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}]},
            "`tools[1]` of type `web_search`",
            "limit it with `max_tool_calls`, leave out `tools[1]`",
        ),
        (
            ResponsesDialect(),
            {**RESPONSES, "tools": [{"type": "mcp"}]},
            "`tools[0]` of type `mcp`",
            "leave out `tools[0]`, which no setting can limit",
        ),
        (
            ResponsesDialect(),
            {**RESPONSES, "background": True},
            "`background`",
            "leave out `background`, which no setting can limit",
        ),
        (
            ChatDialect(),
            {**CHAT, "web_search_options": {}},
            "`web_search_options`",
            "leave out `web_search_options`, which no setting can limit",
        ),
        (
            ChatDialect(),
            {**CHAT, "tools": [{"type": "web_search"}]},
            "`tools[0]` of type `web_search`",
            "leave out `tools[0]`, which no setting can limit",
        ),
        (
            ChatDialect(),
            {**CHAT, "model": "gpt-4o-search-preview", "tools": [{"type": "web_search"}]},
            "`model`",
            "use a model that does not search in every call",
        ),
    ],
)
def test_each_feature_is_told_its_own_limit_or_that_there_is_none(dialect, body, name, what):
    assert said(dialect, body) == (name, what)


def test_a_search_inside_an_input_item_heeds_no_limit():
    assert "no setting" in remedy("openai-responses", "input[0].tools[0]", "web_search")


@pytest.mark.parametrize("kind", ["", "a canary", "x" * 61, "`"])
def test_a_type_that_is_no_name_is_not_repeated(kind):
    assert named("tools[0]", kind) == "`tools[0]`"
