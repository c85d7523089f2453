"""Which tool carries the answer."""

import pytest

from farthing.wire.answer_tool import answer_tool


def test_a_text_is_an_answer_where_nothing_says_otherwise():
    assert answer_tool(["search", "get_order"]) == ""
    assert answer_tool([]) == ""


def test_the_tool_that_the_body_forces_carries_it_whatever_its_name():
    assert answer_tool(["search", "Invoice"], forced="Invoice") == "Invoice"


@pytest.mark.parametrize(
    "name", ["final_result", "final_result_Invoice", "final_answer", "FinalAnswer", "submit_answer"]
)
def test_frameworks_have_names_for_it(name):
    assert answer_tool(["search", name]) == name


@pytest.mark.parametrize("name", ["finalize_order", "get_result", "result", "answer_mail"])
def test_a_name_that_only_sounds_like_it_is_a_tool_like_any_other(name):
    assert answer_tool(["search", name]) == ""


def test_the_only_tool_carries_it_where_some_tool_must_be_called():
    assert answer_tool(["Invoice"], must=True) == "Invoice"
    assert answer_tool(["Invoice"]) == ""
    assert answer_tool(["search", "Invoice"], must=True) == ""


def test_the_last_tool_ends_a_loop_in_which_some_tool_must_be_called_and_it_was_not_yet():
    names = ["search", "Found"]
    assert answer_tool(names, must=True, called=lambda: ["search", "search"]) == "Found"
    assert answer_tool(names, must=True, called=lambda: ["search", "Found"]) == ""
    assert answer_tool(names, must=True) == ""
    assert answer_tool(names, called=lambda: ["search"]) == ""


def test_of_several_outputs_only_the_first_stays():
    assert answer_tool(["final_result_A", "final_result_B"], must=True) == "final_result_A"
