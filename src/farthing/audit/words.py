"""A name in free text: every whole word that is it, as it stands and as JSON writes it, gives way to a pseudonym."""

import re
from functools import lru_cache

import msgspec


@lru_cache(maxsize=8)
def _pattern(name: str) -> re.Pattern[str]:
    escaped = msgspec.json.encode(name).decode()[1:-1]
    forms = "|".join(re.escape(form) for form in sorted({name, escaped}, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{forms})(?!\w)")


def replaced(text: str, name: str, pseudonym: str) -> str:
    """`text` without `name`."""
    return _pattern(name).sub(pseudonym, text)
