"""On which line of a TOML file each setting stands: the standard parser gives values without places.

Reads only text that `tomllib` has accepted, so it need not find mistakes; it finds where keys, tables and list items
begin. A path is a tuple of keys and, inside lists, indexes: `("budgets", 0, "soft", 1, "at")`.
"""

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]\}\n#]+")


def line_numbers(text: str) -> dict[Path, int]:
    """The line, counted from 1, of everything that has a path in this text. `text` must be valid TOML."""
    return _Scanner(text).scan()


def nearest_line(lines: dict[Path, int], path: Path) -> int:
    """The line of a path or, where it is not written, of the closest thing around it; 0 where nothing is."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.starts = [0, *(newline.end() for newline in re.finditer("\n", self.text))]
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.tables_of: dict[Path, int] = {}
        """How many `[[…]]` of each path there were so far."""

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.lines

    def _header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        at = self.at
        self.at += 2 if many else 1
        keys = self._key()
        self.at += 2 if many else 1
        if not many:
            path = self._resolve((), keys)
        else:
            path = (*self._resolve((), keys[:-1]), keys[-1])
            count = self.tables_of.get(path, 0)
            self.tables_of[path] = count + 1
            path = (*path, count)
        for length in range(1, len(path) + 1):
            self._mark(path[:length], at)
        return path

    def _pair(self, table: Path) -> None:
        at = self.at
        path = table
        for key in self._key():
            path = (*path, key)
            self._mark(path, at)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> tuple[str, ...]:
        """A key, dotted or not; stops before what follows it."""
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            quoted = _STRING.match(self.text, self.at)
            found = quoted or _BARE_KEY.match(self.text, self.at)
            assert found is not None, "not valid TOML: check with tomllib first"
            self.at = found.end()
            keys.append(tomllib.loads(f"k = {found[0]}")["k"] if quoted else found[0])
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return tuple(keys)
            self.at += 1

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first == "[":
            self._list(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(_STRING if first in "\"'" else _SCALAR)

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._more("]"):
            self._mark((*path, index), self.at)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._more("}"):
            self._pair(path)

    def _more(self, end: str) -> bool:
        """Go to the next member; False, and past the end, where there is none."""
        self._skip(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self._skip(_BLANK)
        if self.text[self.at] == end:
            self.at += 1
            return False
        return True

    def _resolve(self, path: Path, keys: tuple[str, ...]) -> Path:
        """Keys of a header as a path: a key that names a list of tables means the last of them."""
        for key in keys:
            path = (*path, key)
            if path in self.tables_of:
                path = (*path, self.tables_of[path] - 1)
        return path

    def _mark(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, at))

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        assert found is not None, "not valid TOML: check with tomllib first"
        self.at = found.end()
