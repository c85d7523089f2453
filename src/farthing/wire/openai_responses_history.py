"""The tools that a Responses conversation has used, as far as its body holds it."""

from typing import Any

from farthing.wire.history import History, dicts
from farthing.wire.openai_responses_input import kind_of

_GIVEN = ("arguments", "input", "action", "actions", "operation", "code", "queries")
"""Where the different kinds of calls say what they want, the commonest first."""
_FROM_CALLER = frozenset({"system", "developer", "user"})


def history_of(body: dict[str, Any]) -> History:
    """A turn is a run of items that the model made: nothing else parts one answer from the next. What stays with the
    provider (`previous_response_id`, references) has been and is not counted, beyond that a reference is the model's."""
    history, by_model = History(), False
    given = body.get("input")
    if type(given) is str:
        history.hear(given)
    for item in dicts(given):
        kind = kind_of(item)
        if item.get("role") == "user":
            history.hear(item.get("content"))
        before, by_model = by_model, not (kind.endswith("_output") or item.get("role") in _FROM_CALLER)
        history.turns += by_model and not before
        if kind.endswith("_call"):
            _call(history, kind, item)
        elif kind.endswith("_output"):
            history.answer(str(item.get("call_id") or ""), item.get("output"))
    return history


def _call(history: History, kind: str, item: dict[str, Any]) -> None:
    """A call that the provider ran itself holds its result, and its error where that is not null."""
    identity = str(item.get("call_id") or item.get("id") or "")
    given = next((item[key] for key in _GIVEN if item.get(key) is not None), None)
    history.call(str(item.get("name") or kind.removesuffix("_call")), given, identity=identity)
    if "call_id" not in item:
        output, error = item.get("output"), item.get("error")
        if output is not None or error is not None:
            history.answer(identity, output if error is None else error, error=error is not None)
