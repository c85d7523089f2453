"""Requests of the admin side as typed values: unknown fields, wrong types and doubled keys are refused by name."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from farthing.config.checks import problems_of
from farthing.config.problems import Problem, dotted
from farthing.config.reader import Reader
from farthing.config.settings import File
from farthing.config.values import Surroundings
from farthing.domain.errors import BadRequest
from farthing.domain.ids import read
from farthing.gateway.admin.endpoint import BODY_BYTES
from farthing.wire.strict import Limits, read_object

LABEL = "label."

T = TypeVar("T", bound=msgspec.Struct)

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(.*)`$")
_INNER = re.compile(r"(?:unknown field|missing required field) `(.*?)`")


def body_of(raw: bytes, kind: type[T], most_bytes: int = BODY_BYTES) -> T:
    """The body as this struct. Raises BadRequest 400 naming the field."""
    return _typed(read_object(raw, limits=Limits(bytes=most_bytes, depth=8, keys=500)).value, kind, strict=True)


def query_of(raw: bytes, kind: type[T]) -> T:
    """The query as this struct, text turned into its types. Raises BadRequest 400 naming the parameter."""
    plain: dict[str, Any] = {}
    labels: dict[str, str] = {}
    for name, value in _pairs(raw):
        place = labels if name.startswith(LABEL) else plain
        key = name.removeprefix(LABEL) if place is labels else name
        if key in place:
            raise BadRequest(f"the parameter {name[:80]!r} is given twice", field=name[:80])
        place[key] = value
    if "label" in plain or (labels and "label" not in kind.__struct_fields__):
        raise BadRequest("labels are asked for like label.team=support, where they are", field="label")
    return _typed({**plain, "label": labels} if labels else plain, kind, strict=False)


def no_query(raw: bytes) -> None:
    """Raises BadRequest 400 where there is a query and none is taken."""
    if raw:
        raise BadRequest("this takes no parameters", field=raw.decode("latin-1").partition("=")[0][:80])


def call_id(text: str, field: str) -> int:
    """The number of a call by the id that people see. Raises BadRequest 400."""
    try:
        return read("call", text)
    except ValueError as error:
        raise BadRequest(str(error), field=field) from error


def as_in_the_file(
    kind: type[T], table: str, raw: Mapping[str, object], names: Mapping[str, str], beside: File | None = None
) -> T:
    """A struct of the configuration, checked by the very rules of the file. `names` turns the file's words for its
    settings into the fields of the request; `beside` is what else stands there. Raises BadRequest 400 with the first
    mistake."""
    reader = Reader(Surroundings({}, Path()))
    found = reader.table(kind, dict(raw), (table, 0))
    problems = reader.problems
    if found is not None and not problems:
        problems = problems_of(msgspec.structs.replace(beside or File(), **{table: (found,)}))
    if problems or found is None:
        raise _refused(problems[0], names)
    return found


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=64, errors="strict")
    except ValueError:
        raise BadRequest("the query cannot be read: at most 64 parameters, in UTF-8", field="query") from None


def _refused(problem: Problem, names: Mapping[str, str]) -> BadRequest:
    setting, *rest = problem.path[2:] or ("",)
    field = dotted((names.get(str(setting), setting), *rest)) if setting else ""
    return BadRequest(f"{field} {problem.message}".strip(), field=field)


def _typed(value: object, kind: type[T], *, strict: bool) -> T:
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
        raise BadRequest(_PLACE.sub("", message)[:300], field=_field(message)) from None


def _field(message: str) -> str:
    """The field that a message is about: `$.limits.usd` is `limits.usd`."""
    place = _PLACE.search(message)
    parts = [place[1].replace("[...]", "")] if place and place[1] else []
    inner = _INNER.search(message)
    return ".".join([*parts, *([inner[1]] if inner else [])])[:80]
