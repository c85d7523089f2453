"""What a model is told of a tool, from the function itself: its name, its first words, and a schema of its parameters."""

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from farthing.sdk.errors import Misused


class Described(NamedTuple):
    """One tool as a model sees it, and how to call it with what the model says."""

    name: str
    description: str
    schema: dict[str, Any]
    """JSON schema of an object."""
    work: Callable[..., Any]
    shape: Any
    """The same, as values."""

    def arguments(self, said: str | Mapping[str, Any]) -> dict[str, Any]:
        """The model's arguments, converted to the function's own types. Raises ValueError with what is wrong."""
        try:
            raw = msgspec.json.decode(said or "{}") if isinstance(said, str) else dict(said)
            made = msgspec.convert(raw, self.shape, strict=False)
        except msgspec.MsgspecError as error:
            raise ValueError(f"the arguments of {self.name} do not fit: {error}") from error
        return {
            field: getattr(made, field) for field in made.__struct_fields__ if getattr(made, field) is not msgspec.UNSET
        }


def described(work: Callable[..., Any]) -> Described:
    """Read a function. Raises Misused where a model could not call it."""
    name = getattr(work, "__name__", type(work).__name__)
    hints = typing.get_type_hints(work)
    fields = []
    for each in inspect.signature(work).parameters.values():
        if each.kind in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise Misused(
                f"{name}: a model names every argument, so the parameter {each.name!r} cannot be one of a tool"
            )
        kind = hints.get(each.name, Any)
        fields.append(
            (each.name, kind) if each.default is each.empty else (each.name, kind | msgspec.UnsetType, msgspec.UNSET)
        )
    shape = msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
    try:
        (schema,) = msgspec.json.schema_components((shape,), ref_template="#/$defs/{name}")[1].values()
    except (TypeError, ValueError) as error:
        raise Misused(f"{name}: its parameters need types that JSON can say, beside each other ({error})") from error
    return Described(name, (inspect.getdoc(work) or name).strip(), {**schema, "title": name}, work, shape)
