"""Gemini's tools: functions are prompt, and whatever runs at Google bills without a bound."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.gemini.generate import GenerateDialect
from farthing.wire.gemini.tools import functions_of
from support.gemini_wire import GET_ORDER, asked, compact

GEMINI = GenerateDialect("gemini-2.5-flash")


def read(*tools, **fields):
    return GEMINI.read(asked(tools=list(tools), **fields)).asked


def test_functions_count_with_their_json_and_a_template():
    bare, made = read(), read(GET_ORDER)
    assert made.text_bytes == bare.text_bytes + len(compact(GET_ORDER["functionDeclarations"][0]))
    assert made.overhead_tokens > bare.overhead_tokens + 500
    assert made.uncapped == ()


@pytest.mark.parametrize(
    ("kind", "word"),
    [("googleSearch", "google_search"), ("codeExecution", "code_execution"), ("urlContext", "url_context"),
     ("googleMaps", "google_maps"), ("fileSearch", "file_search"), ("mcpServers", "mcp_servers"), ("somethingNew", "something_new")],
)  # fmt: skip
def test_what_runs_at_google_has_no_bound(kind, word):
    made = read({kind: {}})
    assert (made.uncapped, made.uncapped_kind) == ((f"tools[0].{kind}",), word)


def test_a_tool_may_be_of_several_kinds_at_once():
    assert read({**GET_ORDER, "googleSearch": {}, "codeExecution": None}).uncapped == ("tools[0].googleSearch",)


def test_functions_of_googles_own_are_bounded_from_above():
    made = read({"computerUse": {"environment": "ENVIRONMENT_BROWSER"}})
    assert made.uncapped == ()
    assert made.overhead_tokens > 20_000


@pytest.mark.parametrize(
    ("tools", "field"),
    [(["x"], "tools[0]"), ([{"functionDeclarations": "x"}], "tools[0].functionDeclarations"),
     ([{"functionDeclarations": [{}]}], "tools[0].functionDeclarations[0].name")],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_by_name(tools, field):
    with pytest.raises(BadRequest) as refused:
        read(*tools)
    assert refused.value.field == field


def test_a_tool_choice_of_another_type_is_refused():
    with pytest.raises(BadRequest):
        read(toolConfig="any")


def test_functions_of_all_tools_are_found_in_order():
    body = {"tools": [GET_ORDER, {"googleSearch": {}}, {"functionDeclarations": [{"name": "b"}]}]}
    assert [each["name"] for each in functions_of(body)] == ["get_order", "b"]
