"""Files of JSON lines, plain or gzip, read one line at a time; what is wrong is said with file and line."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from farthing.domain.errors import Theirs

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is no log line."""
_GZIP = b"\x1f\x8b"


class BadLine(Theirs):
    """A file of recorded traffic that cannot be read; says which line, and what to do."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file, self.line, self.message = file, line, message


class Line(msgspec.Struct, frozen=True):
    """One line: an object whose values are not read yet."""

    file: str
    number: int
    raw: bytes
    fields: dict[str, msgspec.Raw]

    @property
    def origin(self) -> str:
        return f"{self.file}:{self.number}"

    def bad(self, message: str) -> BadLine:
        return BadLine(self.file, self.number, message)

    def get(self, *names: str) -> Any:
        """The value of the first of these fields that is there and not null."""
        for name in names:
            raw = self.fields.get(name)
            if raw is not None:
                value = msgspec.json.decode(raw)
                if value is not None:
                    return value
        return None

    def whole(self) -> dict[str, Any]:
        """All values."""
        found: dict[str, Any] = msgspec.json.decode(self.raw)
        return found


_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def lines_of(file: Path) -> Iterator[Line]:
    """The objects of a file, in its order; empty lines are passed over. Raises BadLine."""
    try:
        with file.open("rb") as plain:
            packed = plain.read(2) == _GZIP
        with gzip.open(file, "rb") if packed else file.open("rb") as opened:
            number = 0
            while raw := opened.readline(LONGEST_LINE + 1):
                number += 1
                if len(raw) > LONGEST_LINE:
                    raise BadLine(str(file), number, f"the line is longer than {LONGEST_LINE:,} bytes")
                if raw.strip():
                    yield _line(file, number, raw)
    except OSError as error:
        raise BadLine(str(file), 0, f"cannot be read: {error.strerror or error}") from error
    except EOFError as error:
        raise BadLine(str(file), 0, "ends in the middle: the gzip file is not complete") from error


def _line(file: Path, number: int, raw: bytes) -> Line:
    try:
        return Line(str(file), number, raw, _decode(raw))
    except msgspec.DecodeError as error:
        raise BadLine(str(file), number, f"is no JSON object: {error}") from error
