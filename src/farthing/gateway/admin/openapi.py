"""The admin side described in OpenAPI 3.1, made from the very types that read its requests and write its answers."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from farthing import __version__
from farthing.gateway.admin.endpoint import PREFIX, Endpoint
from farthing.gateway.admin.reading import LABEL


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong."""

    message: str
    type: str
    code: str | None
    param: str | None
    """The field, parameter or header at fault."""


class ErrorBody(msgspec.Struct, frozen=True):
    """Every answer that is no success."""

    error: ErrorView


def describe(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    kinds = [kind for each in endpoints for kind in (each.gives, each.takes, each.query) if kind is not None]
    every = list(dict.fromkeys((*kinds, ErrorBody)))
    schemas, components = msgspec.json.schema_components(every, ref_template="#/components/schemas/{name}")
    of = dict(zip(every, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        paths.setdefault(shown_path(each.path), {})[each.method.lower()] = _operation(each, of, components)
    queries = {each.query.__name__ for each in endpoints if each.query is not None}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Farthing, admin side", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in queries},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key with the right admin"}
            },
        },
        "security": [{"key": []}, {}],
    }


def shown_path(path: str) -> str:
    """A template as OpenAPI writes it."""
    return PREFIX + path.replace("*}", "}")


def _operation(each: Endpoint, of: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": each.summary,
        "operationId": getattr(each.answer, "__name__", each.path),
        "parameters": [*_in_path(each.path), *_in_query(each, components)],
        "responses": {
            str(each.status): {"description": "Done", "content": _json(of[each.gives])},
            "default": {"description": "Refused, and nothing changed", "content": _json(of[ErrorBody])},
        },
    }
    if each.takes is not None:
        made["requestBody"] = {"required": True, "content": _json(of[each.takes])}
    return made


def _in_path(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)\*?}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(each: Endpoint, components: dict[str, Any]) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    return [_parameter(name, schema) for name, schema in components[each.query.__name__]["properties"].items()]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name == "label":
        return {
            "name": f"{LABEL}{{name}}",
            "in": "query",
            "description": "A label and its value, like label.team=support; any number of them",
            "schema": {"type": "string"},
        }
    return {"name": name, "in": "query", "schema": schema}


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
