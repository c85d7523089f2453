"""Tools of a Responses request: what they add to the prompt and which of them have no bound."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.openai.responses import ResponsesDialect
from support.responses_wire import asked

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def facts(*tools, **fields):
    return ResponsesDialect().read(asked(tools=list(tools), **fields)).asked


@pytest.mark.parametrize(
    "tool",
    [
        FUNCTION,
        {"type": "custom", "name": "c"},
        {"type": "local_shell"},
        {"type": "apply_patch"},
        {"type": "computer"},
        {"type": "computer_use_preview", "display_width": 800},
        {"type": "shell", "environment": {"type": "local"}},
        {"type": "tool_search", "execution": "client"},
        {"type": "namespace", "name": "n", "description": "d", "tools": [FUNCTION]},
    ],
)
def test_a_tool_that_runs_at_the_client_bills_only_its_definition(tool):
    asks = facts(tool)
    assert (asks.uncapped, asks.pointers, asks.rounds, asks.searches) == ((), (), 1, 0)
    assert asks.text_bytes + asks.overhead_tokens > facts().text_bytes + facts().overhead_tokens


def test_a_definition_counts_with_all_its_json():
    grown = {**FUNCTION, "description": "d" * 100}
    assert facts(grown).text_bytes - facts(FUNCTION).text_bytes == 100 + len(',"description":""')


def test_searches_with_a_limit_are_bounded_in_number_rounds_and_window():
    asks = facts(FUNCTION, {"type": "web_search"}, max_tool_calls=4)
    assert (asks.searches, asks.rounds, asks.pointers, asks.uncapped) == (4, 5, ("tools[1]",), ())


def test_the_limit_is_for_all_search_tools_together():
    assert facts({"type": "web_search"}, {"type": "web_search_preview"}, max_tool_calls=4).searches == 4


@pytest.mark.parametrize("kind", ["web_search", "web_search_2025_08_26", "web_search_preview"])
def test_searches_without_a_limit_are_uncapped(kind):
    assert facts({"type": kind, "external_web_access": False}).uncapped == ("tools[0]",)


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "file_search", "vector_store_ids": ["v"]},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "image_generation"},
        {"type": "mcp", "server_label": "x", "server_url": "https://x"},
        {"type": "shell", "environment": {"type": "container_auto"}},
        {"type": "shell"},
        {"type": "tool_search"},
        {"type": "programmatic_tool_calling"},
        {"type": "time_machine"},
    ],
)
def test_what_bills_something_else_than_tokens_or_is_unknown_is_uncapped_whatever_the_limit(tool):
    assert facts(FUNCTION, tool, max_tool_calls=1).uncapped == ("tools[1]",)


def test_an_uncapped_tool_cannot_hide_in_a_namespace():
    hidden = {"type": "namespace", "name": "n", "description": "d", "tools": [FUNCTION, {"type": "mcp"}]}
    assert facts(hidden).uncapped == ("tools[0].tools[1]",)


@pytest.mark.parametrize(
    ("tool", "named"),
    [
        ("f", "tools[0]"),
        ({"name": "f"}, "tools[0].type"),
        ({"type": "function"}, "tools[0].name"),
        ({"type": "namespace", "tools": []}, "tools[0].tools"),
        ({"type": "shell", "environment": "local"}, "tools[0].environment"),
        ({"type": "tool_search", "execution": 5}, "tools[0].execution"),
    ],
)
def test_a_malformed_tool_is_refused_by_its_path(tool, named):
    with pytest.raises(BadRequest) as refused:
        facts(tool)
    assert refused.value.field == named
