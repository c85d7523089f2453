"""Single settings from a command line, by dotted path: `budgets.0.limit=5 USD`, `budgets.each run.limit=5 USD`."""

import tomllib
from collections.abc import Iterable
from decimal import Decimal

from farthing.config.lines import Path
from farthing.config.problems import BadConfigs, Problem, dotted

Raw = dict[str, object]


def assign(raw: Raw, told: Iterable[str], flag: str) -> dict[Path, str]:
    """Set each `path=value` in the raw tables of a configuration; the origins of what was set, by path.

    An entry of a list goes by its number, from 0, or by its `name`. A value is TOML; what is no TOML is text, because
    shells take quotes away. Raises BadConfigs that names the path, for all that lead nowhere.
    """
    origins: dict[Path, str] = {}
    problems = []
    for each in told:
        try:
            path, value = _read(each)
            origins[_put(raw, path, value)] = f"{flag} {each.partition('=')[0].strip()}"
        except ValueError as error:
            problems.append(Problem((), str(error), f"{flag} {each}"))
    if problems:
        raise BadConfigs(problems)
    return origins


def _read(told: str) -> tuple[tuple[str, ...], object]:
    where, equals, value = told.partition("=")
    path = tuple(part.strip() for part in where.split("."))
    if not equals or not all(path):
        raise ValueError('must be a path and a value, like budgets.0.limit="5 USD"')
    return path, _value(value.strip())


def _value(text: str) -> object:
    try:
        read = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        return text
    return read["value"] if read.keys() == {"value"} else text


def _put(raw: Raw, path: tuple[str, ...], value: object) -> Path:
    """Set it; its path with numbers for entries of lists. Tables that are missing are made, entries are not."""
    at: object = raw
    known: list[str | int] = []
    for part in path[:-1]:
        known.append(_key(at, part, tuple(known)))
        at = _inner(at, known[-1])
    last = _key(at, path[-1], tuple(known))
    if isinstance(at, list):
        assert isinstance(last, int)
        at[last] = value
    else:
        assert isinstance(at, dict)
        at[last] = value
    return (*known, last)


def _inner(at: object, key: str | int) -> object:
    if isinstance(at, list):
        assert isinstance(key, int)
        return at[key]
    assert isinstance(at, dict)
    return at.setdefault(key, {})


def _key(at: object, part: str, before: Path) -> str | int:
    """What this part of a path is in what stands there. Raises ValueError where it leads nowhere."""
    where = dotted(before)
    if isinstance(at, list):
        return _entry(at, part, where)
    if not isinstance(at, dict):
        raise ValueError(f"`{where}` is a value: there is no `{part}` in it")  # noqa: TRY004 - a wrong path
    return part


def _entry(at: list[object], part: str, where: str) -> int:
    """By its name, or by its number."""
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in at]
    if part in names:
        return names.index(part)
    if part.isdigit() and int(part) < len(at):
        return int(part)
    entries = "no entries" if not at else "1 entry, 0" if len(at) == 1 else f"{len(at)} entries, 0 to {len(at) - 1}"
    named = f" and {', '.join(map(str, names))} by name" if any(names) else ""
    raise ValueError(f"`{where}` has no `{part}`: it has {entries}{named}")
