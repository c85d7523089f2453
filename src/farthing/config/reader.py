"""Reads tables into the structs of `settings`: every mistake is noted with its path, and reading goes on."""

import types
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from farthing.config.lines import Path
from farthing.config.problems import Problem, dotted
from farthing.config.values import Later, Named, Read, Surroundings

T = TypeVar("T", bound=msgspec.Struct)

_WRONG = object()
_WORDS = {
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "text in quotes",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "a table",
    "`null`": "nothing",
}


class Reader:
    """One reading. `problems` and `warnings` fill up as tables are read."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def table(self, kind: type[T], raw: object, path: Path, **given: object) -> T | None:
        """A struct of this kind, with the `given` fields; None where it lacks what it cannot be without.

        A setting that is wrong counts as a problem and takes its default, so that its neighbours are checked too.
        """
        if not isinstance(raw, dict):
            self._wrong(path, "must be a table")
            return None
        known = {field.encode_name: field for field in msgspec.structs.fields(kind) if field.name not in given}
        found: dict[str, object] = dict(given)
        for key, value in raw.items():
            if key not in known:
                self._wrong((*path, key), _unknown(key, list(known)))
                continue
            read = self._value(known[key].type, value, (*path, key))
            if read is not _WRONG:
                found[known[key].name] = read
        needed = [name for name, field in known.items() if field.required]
        for name in needed:
            if name not in raw:
                self._wrong(path, f"`{name}` is missing")
        complete = all(known[name].name in found for name in needed)
        return kind(**found) if complete else None

    def _value(self, hint: Any, raw: object, path: Path) -> object:
        marks, kind = unwrap(hint)
        for mark in marks:
            if isinstance(mark, Later):
                self.warnings.append(Problem(path, f"is not active in this version: {mark.instead}"))
        for mark in marks:
            if isinstance(mark, Read):
                return self._parsed(mark, raw, path)
            if isinstance(mark, Named):
                return self._named(get_args(kind)[0], raw, path, mark.field)
        if is_table(kind):
            return self.table(kind, raw, path) or _WRONG
        if get_origin(kind) is tuple and is_table(get_args(kind)[0]):
            return self._tables(get_args(kind)[0], raw, path)
        return self._leaf(kind, raw, path)

    def _parsed(self, mark: Read, raw: object, path: Path) -> object:
        try:
            return mark.parse(raw, self.around)
        except ValueError as error:
            return self._wrong(path, str(error))

    def _named(self, kind: type[msgspec.Struct], raw: object, path: Path, field: str) -> object:
        if not isinstance(raw, dict):
            return self._wrong(path, "must be a table of tables")
        read = [self.table(kind, table, (*path, name), **{field: name}) for name, table in raw.items()]
        return tuple(table for table in read if table is not None)

    def _tables(self, kind: type[msgspec.Struct], raw: object, path: Path) -> object:
        if not isinstance(raw, list):
            return self._wrong(path, f"must be a list of tables: write [[{dotted(path)}]]")
        read = [self.table(kind, table, (*path, index)) for index, table in enumerate(raw)]
        return tuple(table for table in read if table is not None)

    def _leaf(self, kind: Any, raw: object, path: Path) -> object:
        if get_origin(kind) is Literal:
            return raw if raw in get_args(kind) else self._wrong(path, _not_one_of(raw, get_args(kind)))
        if get_origin(kind) is tuple and get_origin(get_args(kind)[0]) is Literal and isinstance(raw, list):
            read = [self._leaf(get_args(kind)[0], item, (*path, index)) for index, item in enumerate(raw)]
            return _WRONG if _WRONG in read else tuple(read)
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            return self._wrong(path, _in_words(str(error)))

    def _wrong(self, path: Path, message: str) -> object:
        self.problems.append(Problem(path, message))
        return _WRONG


def unwrap(hint: Any) -> tuple[list[object], Any]:
    """All marks on a field's type, and the type itself without `Annotated` and without `| None`."""
    marks: list[object] = []
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            marks += more
        elif get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
            hint = next(part for part in get_args(hint) if part is not type(None))
        else:
            return marks, hint


def is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean `x`?` for the known word that looks most like this one, or ""."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _unknown(key: str, known: list[str]) -> str:
    return "is not a setting" + (nearest(key, known) or f"; known here are {', '.join(sorted(known))}")


def _not_one_of(raw: object, choices: tuple[object, ...]) -> str:
    said = f"{raw!r} is not possible; " if isinstance(raw, str) else ""
    return f"{said}write one of {', '.join(str(choice) for choice in choices)}, in quotes"


def _in_words(error: str) -> str:
    """`Expected `int`, got `str`` as people speak."""
    for term, words in _WORDS.items():
        error = error.replace(term, words)
    return error[:1].lower() + error[1:].replace(" - at `$", " (at `").replace("`$", "`")
