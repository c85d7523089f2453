"""Values that satisfy a JSON Schema: arguments for tools and answers in a named format, the same every time."""

import re
from typing import Any

import msgspec

from farthing.testing.conversation import Prompt

_CODE = re.compile(r"\b(?=[\w-]*\d)[A-Za-z]*-?\d[\w-]*\b")
_DEPTH = 6


def sample(schema: dict[str, Any], known: dict[str, Any], *, depth: int = 0) -> Any:
    """A value of this schema. Properties found by name in `known` take that value, everything else the plainest one."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return sample(schema[key][0], known, depth=depth)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return _plainest(kind[0] if isinstance(kind, list) else kind, schema, known, depth)


def _plainest(kind: str, schema: dict[str, Any], known: dict[str, Any], depth: int) -> Any:
    match kind:
        case "object":
            return _object(schema, known, depth)
        case "array":
            items = schema.get("items", {})
            return (
                [] if depth >= _DEPTH else [sample(items, known, depth=depth + 1)] * max(1, schema.get("minItems", 1))
            )
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "example"


def _object(schema: dict[str, Any], known: dict[str, Any], depth: int) -> dict[str, Any]:
    if depth >= _DEPTH:
        return {}
    properties: dict[str, Any] = schema.get("properties", {})
    wanted = schema.get("required", list(properties))
    return {
        name: known[name] if name in known else sample(part, known, depth=depth + 1)
        for name, part in properties.items()
        if name in wanted or name in known
    }


def known_from(prompt: Prompt) -> dict[str, Any]:
    """Values by name that the conversation offers: fields of tool results, and a code such as `A-1001` for every id."""
    known: dict[str, Any] = {}
    code = _CODE.search(prompt.text_of("user"))
    if code:
        known.update({name: code.group() for name in _id_names(prompt)})
    for turn in prompt.turns:
        if turn.role == "tool":
            try:
                result = msgspec.json.decode(turn.text)
            except msgspec.DecodeError:
                continue
            known.update(result if isinstance(result, dict) else {})
    return known


def _id_names(prompt: Prompt) -> list[str]:
    """String arguments of the offered tools that are named like an identifier."""
    return [
        name
        for tool in prompt.tools
        for name, part in tool.schema.get("properties", {}).items()
        if part.get("type") == "string" and (name == "id" or name.endswith(("_id", "Id", "number")))
    ]
