"""Matching labels: which calls a `match` table of the configuration means."""

from collections.abc import Mapping


def matches(match: tuple[tuple[str, str], ...], labels: Mapping[str, str]) -> bool:
    """True where every label the table names is there with a fitting value. No labels named: every call."""
    return all(name in labels and fits(pattern, labels[name]) for name, pattern in match)


def fits(pattern: str, value: str) -> bool:
    """`*` alone fits any value that is there, a trailing `*` any ending; everything else is literal."""
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
