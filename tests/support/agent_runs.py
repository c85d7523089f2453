"""Histories of agents for the loop guard, written short: each step is a call, or several at once, with what came of it."""

from collections.abc import Sequence

from farthing.wire.history import ToolUse, digest_of_arguments, digest_of_result, looks_like_error

Done = tuple[str, str, str]
"""Tool, arguments and result. A result that begins with "Error" is one."""


def did(*steps: Done | Sequence[Done], words: int = 1) -> tuple[ToolUse, ...]:
    """The history of an agent that took these steps."""
    uses: list[ToolUse] = []
    for turn, step in enumerate(steps, 1):
        for tool, arguments, result in [step] if isinstance(step, tuple) else step:
            uses.append(used(tool, arguments, result, turn=turn, words=words, id=f"call_{len(uses) + 1}"))
    return tuple(uses)


def used(tool: str, arguments: str, result: str | None, *, turn: int = 1, words: int = 1, id: str = "") -> ToolUse:
    return ToolUse(
        tool,
        digest_of_arguments(arguments),
        None if result is None else digest_of_result(result),
        error=result is not None and looks_like_error(result),
        id=id,
        turn=turn,
        words=words,
    )
