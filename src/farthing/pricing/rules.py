"""Match rules: which names of a model or a provider mean one entry of the price book. Never by likeness."""

import re
from collections.abc import Callable
from functools import lru_cache

import msgspec


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """True where ANY of its parts is true of a lower-case name. Texts are lower case; an empty rule is never true."""

    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    """Searched for anywhere, as `re.search` does."""
    all: tuple[tuple["Rule", ...], ...] = ()
    """Groups of rules of which every one must be true."""

    def matches(self, name: str) -> bool:
        """`name` must be lower case."""
        return (
            name in self.equals
            or name.startswith(self.starts_with)
            or name.endswith(self.ends_with)
            or any(part in name for part in self.contains)
            or any(_searcher(pattern)(name) for pattern in self.regex)
            or any(all(rule.matches(name) for rule in group) for group in self.all)
        )


@lru_cache(maxsize=1_024)
def _searcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(pattern).search


_COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def with_dashed_date(name: str) -> str:
    """`gpt-5.2-20251211` as `gpt-5.2-2025-12-11`: some gateways write the date of a snapshot without dashes."""
    return _COMPACT_DATE.sub(r"-\2-\3-\4", name)
