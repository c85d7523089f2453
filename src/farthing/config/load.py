"""Settings from everywhere: defaults, under the file, under the environment, under the command line.

Every mistake is collected before anything is refused, and each names the file and line where it is mended.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path as FilePath

import msgspec

from farthing.config.assigned import assign
from farthing.config.checks import problems_of, warnings_of
from farthing.config.environment import DEFAULT_URLS, Override, Raw, misspelt, overrides, providers
from farthing.config.lines import Path, line_numbers, nearest_line
from farthing.config.problems import BadConfigs, Problem, dotted
from farthing.config.reader import Reader
from farthing.config.settings import File, Provider, Settings
from farthing.config.values import Surroundings

DEFAULT_FILE = "farthing.toml"
_AT = re.compile(r"\(at line (\d+), column \d+\)$")


class Source(msgspec.Struct):
    """Raw values on their way in, and where each is from."""

    file: str
    raw: Raw
    lines: dict[Path, int]
    overridden: dict[Path, str]
    """Origins of values that are not the file's, by path."""

    def place(self, path: Path) -> tuple[str, int]:
        """The origin of what stands at a path, or nearest around it, and its line where that is the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.overridden:
                return self.overridden[path[:length]], 0
        return self.file, nearest_line(self.lines, path)

    def locate(self, problem: Problem) -> Problem:
        """The same problem with its place."""
        if problem.file:
            return problem
        file, line = self.place(problem.path)
        return msgspec.structs.replace(problem, file=file, line=line)

    def put(self, override: Override) -> None:
        """Lay one value over the file's."""
        table = self.raw.setdefault(override.table, {})
        if isinstance(table, dict):  # or the reader will say what is wrong with it
            table[override.setting] = override.value
            self.overridden[override.table, override.setting] = override.origin


def load(file: FilePath | None, environment: Mapping[str, str], flags: Mapping[str, object] | None = None) -> Settings:
    """Read everything. `file` None: work from the environment. `flags` are by path, `{"gateway.port": 8080}`; those that
    are None were not given. Raises BadConfigs with every problem there is.
    """
    source = read_file(file)
    for override in overrides(environment):
        source.put(override)
    for path, value in (flags or {}).items():
        if value is not None:
            table, _, setting = path.partition(".")
            source.put(Override(table, setting, value, "command line"))
    if "providers" not in source.raw:
        source.raw["providers"] = providers(environment)
        source.overridden["providers",] = "environment"
    return _settle(source, environment, FilePath() if file is None else file.parent)


def load_over(
    base: FilePath | None, file: FilePath | None, environment: Mapping[str, str], assigned: Sequence[str] = ()
) -> Settings:
    """As `load`, with the top-level tables that `file` names in place of those of `base`, and then single settings, each
    `path=value`: for asking what another policy would do. What only `base` says is checked again, and named as its own.
    Raises BadConfigs."""
    below, source = read_file(base), read_file(file)
    for table, value in below.raw.items():
        if table not in source.raw:
            source.raw[table] = value
            source.overridden[table,] = below.file
    for override in overrides(environment):
        source.put(override)
    if "providers" not in source.raw:
        source.raw["providers"] = providers(environment)
        source.overridden["providers",] = "environment"
    source.overridden |= assign(source.raw, assigned, "--set")
    near = base or file
    return _settle(source, environment, FilePath() if near is None else near.parent)


def read_file(file: FilePath | None) -> Source:
    """The file's values and the lines they stand on. Raises BadConfigs where it is missing or no TOML."""
    if file is None:
        return Source("", {}, {}, {})
    try:
        text = file.read_text("utf-8-sig")
        raw = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise BadConfigs(
            [Problem((), f"cannot be read: {error.strerror}; `farthing init` writes one", str(file))]
        ) from error
    except UnicodeDecodeError as error:
        raise BadConfigs([Problem((), f"is not UTF-8 text (byte {error.start})", str(file))]) from error
    except tomllib.TOMLDecodeError as error:
        found = _AT.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise BadConfigs(
            [Problem((), f"is not valid TOML: {_AT.sub('', str(error)).strip()}", str(file), line)]
        ) from error
    return Source(str(file), raw, line_numbers(text), {})


def _settle(source: Source, environment: Mapping[str, str], folder: FilePath) -> Settings:
    reader = Reader(Surroundings(environment, folder))
    read = reader.table(File, source.raw, ())
    assert read is not None, "every table of the file has a default"
    read = msgspec.structs.replace(read, providers=tuple(map(_with_url, read.providers)))
    problems = reader.problems + [found for found in problems_of(read) if not _follows(found, reader.problems)]
    if problems:
        raise BadConfigs([source.locate(problem) for problem in _in_order(source, problems)])
    warnings = reader.warnings + warnings_of(read) + misspelt(environment, frozenset(_referred(source.raw)))
    return Settings(
        **{field: getattr(read, field) for field in File.__struct_fields__},
        file=source.file,
        origins=dict(_origins(source, source.raw, ())),
        warnings=tuple(source.locate(warning) for warning in _in_order(source, warnings)),
    )


def _follows(problem: Problem, earlier: list[Problem]) -> bool:
    """Whether a setting that could not be read may be all that is wrong here: it was judged by its default."""
    return any(problem.path == found.path[: len(problem.path)] for found in earlier)


def _with_url(provider: Provider) -> Provider:
    return msgspec.structs.replace(provider, base_url=provider.base_url or DEFAULT_URLS[provider.format])


def _in_order(source: Source, problems: list[Problem]) -> list[Problem]:
    """From the top of the file to its end; what is not in the file comes last."""
    return sorted(problems, key=lambda problem: source.place(problem.path)[1] or len(source.lines) + 10**6)


def _origins(source: Source, value: object, path: Path) -> Iterator[tuple[str, str]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _origins(source, item, (*path, key))
    if not inner:
        origin, line = source.place(path)
        yield dotted(path), f"{origin}:{line}" if line else origin


def _referred(value: object) -> Iterator[str]:
    """The environment variables that settings refer to."""
    if isinstance(value, str) and value.startswith("env:"):
        yield value.removeprefix("env:")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _referred(inner)
