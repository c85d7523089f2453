"""What bills without a cap, in words: which part of the body it is, and what would limit it."""

import re

_MAX_USES = ".max_uses"
_KIND = re.compile(r"[a-z0-9_.-]{1,60}")


def named(field: str, kind: str) -> str:
    """The part of the body at fault, with its type where it is a tool. A type that is no name is not repeated."""
    part = f"`{field.removesuffix(_MAX_USES)}`"
    return f"{part} of type `{kind}`" if _KIND.fullmatch(kind) else part


def remedy(dialect: str, field: str, kind: str) -> str:
    """What the caller can do about it, beside asking under other budgets."""
    if field == "model":
        return "use a model that does not search in every call"
    limit = _limit(dialect, field, kind)
    part = f"`{field.removesuffix(_MAX_USES)}`"
    return f"limit it with `{limit}`, leave out {part}" if limit else f"leave out {part}, which no setting can limit"


def _limit(dialect: str, field: str, kind: str) -> str:
    """The setting that would give it a cap; "" where there is none. Tools inside input items heed no limit."""
    if field.endswith(_MAX_USES):
        return "max_uses"
    searches = kind.startswith("web_search") and field.startswith("tools[")
    return "max_tool_calls" if dialect == "openai-responses" and searches else ""
