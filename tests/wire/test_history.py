"""Tool use in neutral terms: digests, the pairing of calls and results, and what counts as an error."""

import pytest

from farthing.wire.history import (
    History,
    ToolUse,
    dicts,
    digest_of_arguments,
    digest_of_result,
    looks_like_error,
    text_of,
)


def test_digests_have_eight_bytes() -> None:
    assert len(digest_of_arguments({"a": 1})) == len(digest_of_result("fine")) == 8


@pytest.mark.parametrize(
    "same",
    [
        ('{"a":1,"b":{"c":2,"d":3}}', ' { "b": {"d": 3, "c": 2}, "a": 1 } '),
        ('{"a":1}', {"a": 1}),
        ('{"city":"Zürich"}', '{"city":"Z\\u00fcrich"}'),
        ("", "{}"),
        (None, {}),
        ("[1, 2]", [1, 2]),
    ],
)
def test_arguments_that_mean_the_same_have_one_digest(same: tuple[object, object]) -> None:
    assert digest_of_arguments(same[0]) == digest_of_arguments(same[1])


@pytest.mark.parametrize(
    "different",
    [('{"a":1}', '{"a":2}'), ('{"a":1}', '{"a":"1"}'), ("[1,2]", "[2,1]"), ("ls -l", "ls  -l"), ('{"a":1', '{"a":1}')],
)
def test_arguments_that_differ_have_two_digests(different: tuple[str, str]) -> None:
    assert digest_of_arguments(different[0]) != digest_of_arguments(different[1])


def test_arguments_nested_too_deep_to_parse_are_text() -> None:
    assert len(digest_of_arguments("[" * 100_000)) == 8


def test_a_result_is_the_same_as_a_string_and_as_one_part() -> None:
    assert text_of("fine") == text_of([{"type": "text", "text": "fine"}]) == "fine"


def test_a_cache_breakpoint_is_no_part_of_a_result() -> None:
    image = {"type": "image", "source": {"type": "base64", "data": "AAAA"}}
    marked = {**image, "cache_control": {"type": "ephemeral"}}
    assert text_of([image]) == text_of([marked]) != text_of([{**image, "type": "picture"}])


def test_no_result_is_empty_text() -> None:
    assert text_of(None) == text_of([]) == ""


@pytest.mark.parametrize(
    "said",
    [
        "Error: no such file",
        "error executing tool read_file",
        "  ERROR 404",
        "Exception: oops",
        "Traceback (most recent call last):\n  File",
        "ValueError: invalid literal",
        "requests.exceptions.ConnectionError: refused",
        "An error occurred while running the tool. Please try again.",
        '{"error": "user not found"}',
        ' {"error": {"code": 7}}',
        '{"content": [], "isError": true}',
    ],
)
def test_these_results_are_errors(said: str) -> None:
    assert looks_like_error(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "0 errors",
        "Errors found: 0",
        "Errorless",
        "The Error: it is gone",
        "NoError",
        '{"error": null, "rows": 3}',
        '{"error": false}',
        '{"error": ""}',
        '{"isError": false}',
        '{"isError": "true"}',
        '{"rows": [{"error": "old"}]}',
        '{"error": "cut off',
        '["error"]',
    ],
)
def test_these_results_are_none(said: str) -> None:
    assert not looks_like_error(said)


def test_results_find_their_calls_in_any_order() -> None:
    history = History()
    history.turns = 1
    history.call("a", "{}", identity="1")
    history.call("b", "{}", identity="2")
    history.answer("2", "two")
    history.answer("1", "Error: one")
    none = digest_of_arguments({})
    assert history.uses() == (
        ToolUse("a", none, digest_of_result("Error: one"), error=True, id="1", turn=1),
        ToolUse("b", none, digest_of_result("two"), id="2", turn=1),
    )


def test_an_id_that_comes_again_is_answered_in_turn() -> None:
    history = History()
    for said in ("first", "second"):
        history.call("a", "{}", identity="call_0")
        history.answer("call_0", said)
    history.call("a", "{}", identity="call_0")
    assert [use.result for use in history.uses()] == [digest_of_result("first"), digest_of_result("second"), None]


def test_a_result_without_its_call_is_left_out() -> None:
    history = History()
    history.answer("gone", "fine")
    assert history.uses() == ()


def test_a_flag_says_more_than_words() -> None:
    history = History()
    for flag in (True, False):
        history.call("a", "{}", identity="1")
        history.answer("1", "Error: none found" if not flag else "fine", error=flag)
    assert [use.error for use in history.uses()] == [True, False]


def test_only_objects_of_lists_are_looked_at() -> None:
    assert list(dicts([{"a": 1}, "text", None])) == [{"a": 1}]
    assert not list(dicts("text"))
    assert not list(dicts(None))
