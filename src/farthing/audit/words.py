"""A name in free text: it gives way to a pseudonym wherever it stands by itself, in plain words and inside JSON."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
_WRITTEN_WITHOUT_SPACES = "Lo"
"""Letters of scripts that know no capitals, most of which join words: there a name may end within one."""


def replaced(text: str, name: str, pseudonym: str, others: tuple[str, ...] = ()) -> str:
    """`text` without `name`, which is not looked for inside other words nor inside the names `others`.

    Of a text that is JSON every string loses the name, keys too, and JSON in those strings likewise.
    """
    return _everywhere(
        text, lambda words: _pattern(name, others).sub(lambda found: _stands_for(found, pseudonym), words)
    )


def longest_plain_part(name: str) -> str:
    """The longest part of a name that is the same in plain text and in JSON; "" where no letter of it is."""
    return max(_ESCAPED.split(name), key=len)


@lru_cache(maxsize=8)
def _pattern(name: str, others: tuple[str, ...]) -> re.Pattern[str]:
    """Longer names that have this one in them come first, and stay."""
    before = r"(?<![^\W_])" if _joins(name[:1]) else ""
    after = r"(?![^\W_])" if _joins(name[-1:]) else ""
    longer = "|".join(re.escape(other) for other in sorted(others, key=len, reverse=True))
    return re.compile(f"{before}(?P<name>{re.escape(name)}){after}" if not others else
                      f"(?:{longer})|{before}(?P<name>{re.escape(name)}){after}")  # fmt: skip


def _joins(letter: str) -> bool:
    return letter.isalnum() and unicodedata.category(letter) != _WRITTEN_WITHOUT_SPACES


def _stands_for(found: re.Match[str], pseudonym: str) -> str:
    return found[0] if found["name"] is None else pseudonym


def _everywhere(text: str, change: Callable[[str], str]) -> str:
    if text[:1] not in {"{", "["}:
        return change(text)
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return change(text)
    changed = _walked(document, change)
    return text if changed == document else msgspec.json.encode(changed).decode()


def _walked(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return _everywhere(value, change)
        case dict():
            return {change(name): _walked(each, change) for name, each in value.items()}
        case list():
            return [_walked(each, change) for each in value]
        case _:
            return value
