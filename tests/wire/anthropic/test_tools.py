"""Anthropic tools: what they add to the prompt and which of them have no bound."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.anthropic.tools import ROUNDS
from support.messages_wire import asked

read = MessagesDialect().read
CUSTOM = {"name": "get_weather", "description": "d", "input_schema": {"type": "object"}}


def facts(*tools):
    return read(asked(tools=list(tools))).asked


def test_tools_bring_a_system_prompt_of_documented_size():
    assert facts(CUSTOM).overhead_tokens - facts().overhead_tokens > 804  # the largest that is documented


def test_a_definition_counts_with_all_its_json():
    grown = {**CUSTOM, "description": "d" * 101}
    assert facts(grown).text_bytes - facts(CUSTOM).text_bytes == 100


@pytest.mark.parametrize(
    ("kind", "documented"), [("bash_20250124", 245), ("text_editor_20250728", 700), ("computer_20251124", 735 + 499)]
)
def test_a_built_in_tool_is_allowed_more_than_its_documented_tokens(kind, documented):
    built_in = facts({"type": kind, "name": "x"})
    assert built_in.overhead_tokens - facts(CUSTOM).overhead_tokens > documented
    assert (built_in.uncapped, built_in.rounds) == ((), 1)


def test_searches_with_a_limit_are_bounded_in_number_rounds_and_window():
    asks = facts(CUSTOM, {"type": "web_search_20250305", "name": "web_search", "max_uses": 5})
    assert (asks.searches, asks.rounds, asks.uncapped, asks.pointers) == (5, ROUNDS, (), ("tools[1]",))


def test_searches_without_a_limit_are_uncapped():
    asks = facts({"type": "web_search_20260209", "name": "web_search"})
    assert asks.uncapped == ("tools[0].max_uses",)


def test_two_search_tools_may_both_be_used_up():
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    assert facts(search, search).searches == 4


def test_fetching_costs_input_but_no_searches():
    asks = facts({"type": "web_fetch_20260318", "name": "web_fetch", "max_uses": 3})
    assert (asks.searches, asks.rounds, asks.uncapped) == (0, ROUNDS, ())


@pytest.mark.parametrize("kind", ["tool_search_tool_bm25_20251119", "tool_search_tool_regex", "tool_search_tool_bm25"])
def test_tool_search_has_no_limit_to_name_and_ends_with_the_loop(kind):
    asks = facts({"type": kind, "name": "x"})
    assert (asks.uncapped, asks.rounds) == ((), ROUNDS)


@pytest.mark.parametrize(
    "kind", ["code_execution_20250825", "advisor_20260301", "mcp_toolset", "time_machine_20270101", "bashful"]
)
def test_what_bills_something_else_than_tokens_or_is_unknown_is_uncapped(kind):
    assert facts(CUSTOM, {"type": kind, "name": "x", "max_uses": 1}).uncapped == ("tools[1]",)


@pytest.mark.parametrize(
    ("tool", "named"),
    [
        ("bash", "tools[0]"),
        ({"input_schema": {}}, "tools[0].name"),
        ({"type": 5, "name": "x"}, "tools[0].type"),
        ({"type": "web_search_20250305", "name": "x", "max_uses": 0}, "tools[0].max_uses"),
        ({"type": "web_search_20250305", "name": "x", "max_uses": True}, "tools[0].max_uses"),
        ({**CUSTOM, "cache_control": {"ttl": 5}}, "tools[0].cache_control.ttl"),
    ],
)
def test_a_malformed_tool_is_refused_by_its_path(tool, named):
    with pytest.raises(BadRequest) as refused:
        facts(tool)
    assert refused.value.field == named


def test_tools_must_be_a_list():
    with pytest.raises(BadRequest) as refused:
        read(asked(tools={"name": "x"}))
    assert refused.value.field == "tools"
