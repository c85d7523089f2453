"""What is wrong with a configuration, all of it at once, each with the place where it is mended."""

from collections.abc import Sequence

import msgspec

from farthing.config.lines import Path
from farthing.domain.errors import BadConfig


class Problem(msgspec.Struct, frozen=True):
    """One mistake, or one thing to be warned of. `str()` is a line for people: place, setting, what to do."""

    path: Path
    message: str
    file: str = ""
    """A file's name, or the environment variable or flag that the value came from."""
    line: int = 0

    @property
    def field(self) -> str:
        return dotted(self.path)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.field, self.message) if part)


class BadConfigs(BadConfig):
    """Every problem of one configuration, a line each; `file`, `line` and `field` are those of the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__("\n".join(map(str, self.problems)), field=first.field)
        self.file, self.line = first.file, first.line


def dotted(path: Path) -> str:
    """A path as people write it: `("budgets", 0, "limit")` is `budgets[0].limit`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def undotted(text: str) -> Path:
    """The path that `dotted` wrote."""
    parts = text.replace("[", ".").replace("]", "").split(".")
    return tuple(int(part) if part.isdigit() else part for part in parts if part)
