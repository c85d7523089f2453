"""One spelling for a Gemini body: Google's JSON takes every field in camelCase and in snake_case, and one object as a list.

A cap written `max_output_tokens` is as much a cap as `maxOutputTokens`, and nobody knows which of the two would hold where
both are there. So a body is brought into camelCase once, before anything is read; one field in two spellings is refused.
https://protobuf.dev/programming-guides/json/, "JSON output options".
"""

import re
from typing import Any

from farthing.domain.errors import BadRequest
from farthing.wire.fields import path
from farthing.wire.strict import Body

_WORD = re.compile(r"(?<=[A-Za-z0-9])_([a-z0-9])")
_ESCAPED = b"\\u005"
"""How JSON may write an underscore otherwise (`\\u005f`), and next to nothing else."""
_OPAQUE = frozenset(
    {
        *("args", "response", "responseSchema", "responseJsonSchema", "_responseJsonSchema"),
        *("parameters", "parametersJsonSchema", "labels", "partMetadata"),
    }
)
"""Fields whose own content is the caller's: names in there are no fields."""
_LISTS = frozenset({"contents", "functionDeclarations", "parts", "requests", "tools"})
"""Lists that Google also takes as the one object they would hold."""


def normal(body: Body) -> Body:
    """The body in one spelling, its keys in their own order; the same where it is in it already. Raises BadRequest 400
    naming a field that stands there twice."""
    if b"_" not in body.raw and _ESCAPED not in body.raw and not _single(body.value):
        return body
    value = _camel(body.value, "")
    return body if value == body.value else Body(value, b"", canonical=False)


def _single(value: dict[str, Any]) -> bool:
    """Whether one object stands where a list does."""
    if type(value.get("contents")) is dict or type(value.get("tools")) is dict:
        return True
    holders = [*_dicts(value.get("contents")), *_dicts([value.get("systemInstruction")])]
    if any(type(holder.get("parts")) is dict for holder in holders):
        return True
    return any(type(tool.get("functionDeclarations")) is dict for tool in _dicts(value.get("tools")))


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if type(value) is dict] if type(values) is list else []


def _camel(value: Any, where: str) -> Any:
    if type(value) is list:
        return [_camel(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
    if type(value) is not dict:
        return value
    made: dict[str, Any] = {}
    for key, inner in value.items():
        name = _WORD.sub(_upper, key) if "_" in key else key
        if name in made:
            raise BadRequest(f"{path(where, name)} stands there twice, in two spellings.", field=path(where, name))
        read = inner if name in _OPAQUE else _camel(inner, path(where, name))
        made[name] = [read] if name in _LISTS and type(read) is dict else read
    return made


def _upper(found: re.Match[str]) -> str:
    return found[1].upper()
