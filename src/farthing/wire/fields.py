"""Typed access to the fields of a body, each naming its JSON path when it is not what it must be.

`where` is the path of the object that holds the field ("" for the body itself): `text(part, "url", "messages[2].content[0]")`.
Absent and null are the same: None. The `needed_*` forms refuse that too.
"""

from typing import Any

from farthing.domain.errors import BadRequest

INT64_MAX = 2**63 - 1


def path(where: str, key: str) -> str:
    """`path("messages[2]", "content")` is `"messages[2].content"`."""
    return f"{where}.{key}" if where else key


def wrong(field: str, expected: str) -> BadRequest:
    """The error for a field that is not what it must be: `messages[2].role must be a string.`"""
    return BadRequest(f"{field} must be {expected}.", field=field)


def as_text(value: object, field: str) -> str:
    """A value known by its whole path, like an element of a list, as a string."""
    if type(value) is not str:
        raise wrong(field, "a string")
    return value


def as_mapping(value: object, field: str) -> dict[str, Any]:
    """A value known by its whole path as an object."""
    if type(value) is not dict:
        raise wrong(field, "an object")
    return value


def text(holder: dict[str, Any], key: str, where: str = "") -> str | None:
    value = holder.get(key)
    if value is None or type(value) is str:
        return value
    raise wrong(path(where, key), "a string")


def needed_text(holder: dict[str, Any], key: str, where: str = "") -> str:
    """A string that must be there and not be empty."""
    value = holder.get(key)
    if type(value) is not str or not value:
        raise wrong(path(where, key), "a string that is not empty")
    return value


def whole(holder: dict[str, Any], key: str, where: str = "", *, low: int = 1, high: int = INT64_MAX) -> int | None:
    """A whole number from `low` to `high`. A boolean, a float (even `1.0`) or a string is not one."""
    value = holder.get(key)
    if value is None:
        return None
    if type(value) is not int or not low <= value <= high:
        bounds = f"of at least {low}" if high == INT64_MAX else f"from {low} to {high}"
        raise wrong(path(where, key), f"a whole number {bounds}")
    return value


def boolean(holder: dict[str, Any], key: str, where: str = "") -> bool | None:
    value = holder.get(key)
    if value is None or type(value) is bool:
        return value
    raise wrong(path(where, key), "true or false")


def listed(holder: dict[str, Any], key: str, where: str = "") -> list[Any] | None:
    value = holder.get(key)
    if value is None or type(value) is list:
        return value
    raise wrong(path(where, key), "a list")


def needed_list(holder: dict[str, Any], key: str, where: str = "") -> list[Any]:
    """A list that must be there and not be empty."""
    value = holder.get(key)
    if type(value) is not list or not value:
        raise wrong(path(where, key), "a list that is not empty")
    return value


def mapping(holder: dict[str, Any], key: str, where: str = "") -> dict[str, Any] | None:
    value = holder.get(key)
    if value is None or type(value) is dict:
        return value
    raise wrong(path(where, key), "an object")
