"""Sets of field names, written as a line of words."""


def names(words: str) -> frozenset[str]:
    """`names("model stream")` is `frozenset({"model", "stream"})`."""
    return frozenset(words.split())
