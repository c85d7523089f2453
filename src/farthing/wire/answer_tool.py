"""Which tool carries the answer: some frameworks take the model's last word only as a call of a tool of their own."""

import re
from collections.abc import Callable, Iterable, Sequence

_ANSWERS = re.compile(
    r"final_?(result|answer|output|response)(_.+)?|submit_?(answer|result)|structured_?(output|response)"
)
"""pydantic-ai offers `final_result`, or `final_result_Name` for each of several types; smolagents `final_answer`. Others
use names like these; those who name the tool after the type force it."""


def _nothing() -> Iterable[str]:
    return ()


def answer_tool(
    names: Sequence[str], *, forced: str = "", must: bool = False, called: Callable[[], Iterable[str]] = _nothing
) -> str:
    """The one tool that has to stay callable in a last call; "" where a text is an answer.

    `names` are the tools in the order of the body, `forced` the one that the body makes the model call, and `must` says
    that it makes it call some tool: then a text is no answer, and the tool that ends the loop is the last one, where
    `called`, the tools called so far, are others (LangChain puts the tool of its `ToolStrategy` behind the agent's own).
    """
    if forced:
        return forced
    for name in names:
        if _ANSWERS.fullmatch(name.lower()):
            return name
    if not must or not names:
        return ""
    so_far = set() if len(names) == 1 else set(called())
    return names[-1] if len(names) == 1 or (so_far and names[-1] not in so_far) else ""
