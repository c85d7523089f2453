"""Typed fields name their JSON path when they are not what they must be."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire import fields


def refused(get, *args, **kwargs) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        get(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize("value", [True, False, 1.0, "5", 0, -1, [], {}, 2**63, 10**30])
def test_a_whole_number_is_nothing_else(value: object) -> None:
    error = refused(fields.whole, {"max_tokens": value}, "max_tokens")
    assert error.field == "max_tokens"
    assert error.message == "max_tokens must be a whole number of at least 1."


def test_a_whole_number_stays_in_its_range() -> None:
    assert fields.whole({"n": 128}, "n", high=128) == 128
    assert fields.whole({"n": 0}, "n", low=0) == 0
    assert "from 1 to 128" in refused(fields.whole, {"n": 129}, "n", high=128).message


@pytest.mark.parametrize(
    ("get", "right", "wrong"),
    [
        (fields.text, "", [1, True, [], {}]),
        (fields.boolean, False, [0, 1, "true", []]),
        (fields.listed, [], [{}, "a", 1]),
        (fields.mapping, {}, [[], "a", 1]),
        (fields.whole, 1, ["1"]),
    ],
)
def test_optional_fields_take_absence_and_null_alike(get, right: object, wrong: list) -> None:
    assert get({"key": right}, "key") == right
    assert get({"key": None}, "key") is None
    assert get({}, "key") is None
    for value in wrong:
        assert refused(get, {"key": value}, "key", "messages[2]").field == "messages[2].key"


def test_needed_fields_refuse_absence_and_emptiness() -> None:
    for value in (None, "", 1, []):
        assert refused(fields.needed_text, {"role": value}, "role", "messages[0]").field == "messages[0].role"
    for value in (None, [], "", {}):
        assert refused(fields.needed_list, {"messages": value}, "messages").field == "messages"
    assert fields.needed_text({"a": "x"}, "a") == "x"
    assert fields.needed_list({"a": [0]}, "a") == [0]


def test_elements_of_lists_are_named_by_their_whole_path() -> None:
    assert fields.as_mapping({}, "tools[1]") == {}
    assert fields.as_text("", "input[1]") == ""
    assert refused(fields.as_mapping, "x", "tools[1]").message == "tools[1] must be an object."
    assert refused(fields.as_text, 1, "input[1]").message == "input[1] must be a string."
