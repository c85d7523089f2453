"""What single settings may be: amounts, durations, sizes, secrets and names, read from TOML or from text.

The marks at the top annotate fields of `settings`; `reader` acts on them.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec

from farthing.accounts.attribution import LABEL_NAME
from farthing.accounts.redaction import flaw_of as flaw_of_pattern
from farthing.budgets.window import check_window, check_zone
from farthing.domain.money import MAX_NANOS
from farthing.domain.record import Labels
from farthing.providers.addresses import check_base_url


class Surroundings(msgspec.Struct, frozen=True):
    """What references in a file refer to: `env:NAME` and `file:PATH` (relative to the file's own folder)."""

    environment: Mapping[str, str]
    folder: Path


class Read(msgspec.Struct, frozen=True):
    """Mark: the setting is read by this function, which raises ValueError with what to write instead."""

    parse: Callable[[object, Surroundings], object]


class Later(msgspec.Struct, frozen=True):
    """Mark: the setting is checked and kept, but nothing acts on it yet; `instead` says what happens now."""

    instead: str


class Named(msgspec.Struct, frozen=True):
    """Mark: a table of tables, read as a tuple in the file's order; this field of each takes the table's name."""

    field: str


class Wrong(ValueError):
    """A value that cannot be accepted; the message says what to write instead."""


class Secret:
    """Text that shows itself to nobody who does not ask: `repr`, `str` and encoders see only where it came from."""

    __slots__ = ("_text", "origin")

    def __init__(self, text: str, origin: str = "the file itself") -> None:
        self._text = text
        self.origin = origin

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Secret(from {self.origin})"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3_600), "d": Decimal(86_400)}
_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB)")
_BYTES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def text(value: object, around: Surroundings) -> str:
    """Text, or what `env:NAME` or `file:PATH` refer to."""
    return secret(value, around).reveal()


def secret(value: object, around: Surroundings) -> Secret:
    """A secret, best named by reference. Errors name the reference, never the text."""
    if not isinstance(value, str):
        raise Wrong('must be text in quotes, like "env:NAME" or "file:PATH"')
    kind, colon, name = value.partition(":")
    if colon and kind == "env":
        found = around.environment.get(name, "")
        if not found:
            raise Wrong(f"refers to the environment variable {name}, which is not set; set it or remove this line")
        return Secret(found, value)
    if colon and kind == "file":
        return Secret(_contents(around.folder / Path(name).expanduser(), name), value)
    return Secret(value)


def secret_headers(value: object, around: Surroundings) -> tuple[tuple[str, Secret], ...]:
    """A table of header names and values, each value possibly a reference."""
    if not isinstance(value, dict):
        raise Wrong('must be a table like { x-team = "a" }')
    headers = tuple((name.lower(), secret(text, around)) for name, text in value.items())
    for name, content in headers:
        if re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]+", name) is None:
            raise Wrong(f"{name!r} is not the name of a header")
        if not content.reveal().isprintable():
            raise Wrong(f"the header {name!r} has characters that cannot be sent")
    return headers


def count(value: object, _: Surroundings) -> int:
    """A whole number of tokens, calls or the like; 0 admits nothing."""
    if type(value) is not int or not 0 <= value <= MAX_NANOS:
        raise Wrong(f"must be a whole number from 0 to {MAX_NANOS}, like 5_000_000")
    return value


def positive(value: object, around: Surroundings) -> int:
    """A whole number of at least one."""
    if count(value, around) == 0:
        raise Wrong("must be at least 1")
    return count(value, around)


def seconds(value: object, _: Surroundings) -> float:
    """A duration like `20s`, in seconds."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Wrong('must be a duration in quotes, like "20s", "5m" or "24h"')
    return float(Decimal(found[1]) * _SECONDS[found[2]])


def size(value: object, _: Surroundings) -> int:
    """A size like `32 MiB`, in bytes."""
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise Wrong('must be a size in quotes, like "32 MiB"')
    return int(found[1]) * _BYTES[found[2]]


def share(value: object, around: Surroundings) -> float:
    """A share of a whole: above 0, at most 1."""
    return millionths(value, around) / 1_000_000


def millionths(value: object, _: Surroundings) -> int:
    """A share of a whole, above 0 and at most 1, in millionths: 0.8 is 800,000."""
    number = Decimal(value) if isinstance(value, int | Decimal) else Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not 0 < number <= 1:
        raise Wrong("must be a share above 0 and at most 1, like 0.8")
    if number * 1_000_000 != int(number * 1_000_000):
        raise Wrong("is finer than a millionth; six decimals are enough")
    return int(number * 1_000_000)


def port(value: object, _: Surroundings) -> int:
    if type(value) is not int or not 0 <= value <= 65_535:
        raise Wrong("must be a port, 0 to 65535 (0: any free one)")
    return value


def window(value: object, around: Surroundings) -> str:
    return check_window(plain(value, around))


def zone(value: object, around: Surroundings) -> str:
    return check_zone(plain(value, around))


def base_url(value: object, around: Surroundings) -> str:
    """A provider's address; by reference too."""
    return check_base_url(text(value, around))


def name(value: object, around: Surroundings) -> str:
    """What people call something: one printable line."""
    found = plain(value, around)
    if not 0 < len(found) <= 128 or not found.isprintable() or found != found.strip():
        raise Wrong("must be one line of 1 to 128 printable characters, without spaces around it")
    return found


def label_name(value: object, around: Surroundings) -> str:
    found = plain(value, around)
    if LABEL_NAME.fullmatch(found) is None:
        raise Wrong(f"{found!r} is not the name of a label; names are like team or cost-center, in lower case")
    return found


def label_names(value: object, around: Surroundings) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Wrong('must be a list of labels, like ["user", "run"]')
    return tuple(label_name(item, around) for item in value)


def labels(value: object, around: Surroundings) -> Labels:
    """A table of labels, sorted by name."""
    if not isinstance(value, dict):
        raise Wrong('must be a table of labels, like { team = "support" }')
    return tuple(sorted((label_name(label, around), name(content, around)) for label, content in value.items()))


def patterns(value: object, around: Surroundings) -> Labels:
    """Labels whose values may end in `*`."""
    found = labels(value, around)
    for label, pattern in found:
        if "*" in pattern[:-1]:
            raise Wrong(f"{label} = {pattern!r}: a `*` may stand only at the end")
    return found


def expressions(value: object, _: Surroundings) -> tuple[str, ...]:
    """Regular expressions that redaction can use."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Wrong('must be a list of regular expressions, like ["PRJ-[0-9]+"]')
    for each in value:
        if flaw := flaw_of_pattern(each):
            raise Wrong(f"{each[:60]!r} {flaw}")
    return tuple(value)


def plain(value: object, _: Surroundings) -> str:
    if not isinstance(value, str):
        raise Wrong("must be text in quotes")
    return value


def _contents(path: Path, shown: str) -> str:
    try:
        found = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Wrong(f"refers to the file {shown}, which cannot be read: {type(error).__name__}") from error
    if not found:
        raise Wrong(f"refers to the file {shown}, which is empty")
    return found


Text = Annotated[str, Read(text)]
SecretText = Annotated[Secret, Read(secret)]
Count = Annotated[int, Read(count)]
Positive = Annotated[int, Read(positive)]
Seconds = Annotated[float, Read(seconds)]
Size = Annotated[int, Read(size)]
Millionths = Annotated[int, Read(millionths)]
Name = Annotated[str, Read(name)]
LabelNames = Annotated[tuple[str, ...], Read(label_names)]
Pairs = Annotated[Labels, Read(labels)]
Patterns = Annotated[Labels, Read(patterns)]
