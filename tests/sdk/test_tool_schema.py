"""What a model is told of a function, and what is made of the model's words."""

import pytest

from farthing.sdk.errors import Misused
from farthing.sdk.tool_schema import described


def search(q: str, limit: int = 5, tags: list[str] | None = None) -> str:
    """Search for something.

    Slowly.
    """
    return f"{q} {limit} {tags}"


def test_a_function_says_its_name_its_words_and_its_parameters():
    tool = described(search)
    assert (tool.name, tool.description) == ("search", "Search for something.\n\nSlowly.")
    assert tool.schema["required"] == ["q"]
    assert tool.schema["properties"]["limit"] == {"type": "integer"}
    assert tool.schema["additionalProperties"] is False


def test_arguments_become_the_function_s_own_types_and_what_is_left_out_its_defaults():
    tool = described(search)
    assert tool.arguments('{"q": "x", "limit": "3"}') == {"q": "x", "limit": 3}
    assert tool.work(**tool.arguments({"q": "x"})) == "x 5 None"


@pytest.mark.parametrize("said", ["{}", '{"q": 1}', '{"q": "x", "more": 1}', "not JSON", "[]"])
def test_arguments_that_do_not_fit_are_said_to_be_so(said):
    with pytest.raises(ValueError, match="the arguments of search do not fit"):
        described(search).arguments(said)


def test_a_function_without_parameters_takes_no_words_at_all():
    assert described(lambda: "x").arguments("") == {}


def test_parameters_that_no_model_can_name_are_refused():
    with pytest.raises(Misused, match="'rest'"):
        described(lambda *rest: rest)
