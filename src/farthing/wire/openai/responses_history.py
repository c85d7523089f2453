"""The tools that a Responses conversation has used, as far as its body holds it."""

from typing import Any

import msgspec

from farthing.wire.history import History, ToolUse, dicts
from farthing.wire.lenient import UNREADABLE
from farthing.wire.openai.responses_input import kind_of

_GIVEN = ("arguments", "input", "action", "actions", "operation", "code", "queries")
"""Where the different kinds of calls say what they want, the commonest first."""
_decode = msgspec.json.Decoder().decode
_FROM_CALLER = frozenset({"system", "developer", "user"})


def history_of(body: dict[str, Any]) -> History:
    """A turn is a run of items that the model made: nothing else parts one answer from the next. What stays with the
    provider (`previous_response_id`, references) has been and is not counted, beyond that a reference is the model's.
    Results of calls that lie there are uses without a name."""
    history, by_model, continued = History(), False, bool(body.get("previous_response_id"))
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
            refers_to, output = str(item.get("call_id") or ""), item.get("output")
            if not (continued and history.stray(refers_to, output)):
                history.answer(refers_to, output)
    return history


def calls_in(output: bytes) -> tuple[ToolUse, ...]:
    """The calls that the output of an answer makes: what the next request, which only points to it, will not tell. Empty
    where it cannot be read."""
    try:
        items = _decode(output)
    except UNREADABLE:
        return ()
    history = History()
    history.turns = 1
    for item in dicts(items):
        if (kind := kind_of(item)).endswith("_call"):
            _call(history, kind, item)
    return history.uses()


def _call(history: History, kind: str, item: dict[str, Any]) -> None:
    """A call that the provider ran itself holds its result, and its error where that is not null."""
    identity = str(item.get("call_id") or item.get("id") or "")
    given = next((item[key] for key in _GIVEN if item.get(key) is not None), None)
    history.call(str(item.get("name") or kind.removesuffix("_call")), given, identity=identity)
    if "call_id" not in item:
        output, error = item.get("output"), item.get("error")
        if output is not None or error is not None:
            history.answer(identity, output if error is None else error, error=error is not None)
