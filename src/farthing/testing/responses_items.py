"""The items of a Responses answer, and the events by which a stream tells them."""

from base64 import urlsafe_b64encode
from typing import Any

from farthing.testing.answer import Answer, Event
from farthing.testing.generation import Call, Output, gathered
from farthing.testing.responses_tools import item_of, prefix_of

_EMPTY: dict[str, dict[str, Any]] = {
    "message": {"content": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
}
"""How an item looks when it is announced, before anything is in it; others look then as they do in the end."""
_TOLD_AS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}
"""Calls that are told piece by piece: by which events, and which field they fill."""


class Events:
    """The events of one stream as they are put together; keeps count of sequence numbers and tokens."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.made = 0

    def add(self, kind: str, data: dict[str, Any], *, tokens: int = 0, final: bool = False) -> None:
        self.made += tokens
        numbered = {"type": kind, "sequence_number": len(self.events), **data}
        self.events.append(Event(name=kind, data=numbered, made=self.made, content=tokens > 0, final=final))

    def item(self, at: int, item: dict[str, Any], part: Output | Call, tokens_per_event: int) -> None:
        """Everything from `output_item.added` to `output_item.done`."""
        empty = _EMPTY.get(item["type"], {})
        started = {"status": "in_progress"} if "status" in item else {}
        opened = {**item, **empty, **started}
        opening = part.opening_tokens if isinstance(part, Call) else 0
        self.add("response.output_item.added", {"output_index": at, "item": opened}, tokens=opening)
        place = {"item_id": item["id"], "output_index": at}
        if item["type"] == "reasoning" and isinstance(part, Output):
            self.made += part.reasoning_tokens
        elif item["type"] == "compaction" and isinstance(part, Output):
            self._hidden(part)
        elif isinstance(part, Call):
            self._call(item, place, part, tokens_per_event)
        else:
            self._text({**place, "content_index": 0}, item, part, tokens_per_event)
        self.add("response.output_item.done", {"output_index": at, "item": item})

    def _text(self, place: dict[str, Any], item: dict[str, Any], output: Output, tokens_per_event: int) -> None:
        part = item["content"][0]
        self.add("response.content_part.added", {**place, "part": {**part, "text": ""}})
        for piece in gathered(output.pieces, tokens_per_event):
            delta = {**place, "delta": piece.text, "logprobs": []}
            self.add("response.output_text.delta", delta, tokens=piece.tokens)
        self.add("response.output_text.done", {**place, "text": output.text, "logprobs": []})
        self.add("response.content_part.done", {**place, "part": part})

    def _call(self, item: dict[str, Any], place: dict[str, Any], call: Call, tokens_per_event: int) -> None:
        kind = _TOLD_AS.get(item["type"])
        if kind is None:  # such a call comes at once
            self.made += sum(piece.tokens for piece in call.pieces)
            return
        event, field = kind
        for piece in gathered(call.pieces, tokens_per_event):
            self.add(f"{event}.delta", {**place, "delta": piece.text}, tokens=piece.tokens)
        named = {"name": call.name} if field == "arguments" else {}
        self.add(f"{event}.done", {**place, **named, field: call.arguments})

    def _hidden(self, output: Output) -> None:
        """What is told of only at its end."""
        self.made += output.tokens


def items_of(answer: Answer) -> list[tuple[dict[str, Any], Output | Call]]:
    """The output items in order, each with what it was made from."""
    output = answer.outputs[0]
    stem = answer.id.removeprefix("resp_")
    status = "incomplete" if output.cut else "completed"
    if _compacts(answer):
        return [
            ({"id": f"cmp_{stem}", "type": "compaction", "encrypted_content": _sealed(output.text or stem)}, output)
        ]
    items: list[tuple[dict[str, Any], Output | Call]] = []
    if answer.ask.model.reasons and output.thoughts:
        items.append(({"id": f"rs_{stem}", "type": "reasoning", "summary": [], **_thought(answer, output)}, output))
    if output.pieces or not (output.calls or output.cut):
        content = [{"type": "output_text", "text": output.text, "annotations": [], "logprobs": []}]
        message = {"type": "message", "status": status, "role": "assistant", "content": content}
        items.append(({"id": f"msg_{stem}", **message}, output))
    tools = {tool.name: tool for tool in answer.ask.prompt.tools}
    for number, call in enumerate(output.calls):
        tool = tools.get(call.name)
        name = f"{prefix_of(tool)}{stem}{number}"
        items.append(({"id": name, "status": status, **item_of(call.id, call.name, call.arguments, tool)}, call))
    return items


def _compacts(answer: Answer) -> bool:
    """The request asks for nothing but its past, made short."""
    given = answer.ask.body.get("input")
    return isinstance(given, list) and bool(given) and given[-1].get("type") == "compaction_trigger"


def _thought(answer: Answer, output: Output) -> dict[str, str]:
    """What was thought, for a client that keeps it: only where it asks for that."""
    wanted = answer.ask.body.get("include") or []
    return {"encrypted_content": _sealed(output.thought)} if "reasoning.encrypted_content" in wanted else {}


def _sealed(text: str) -> str:
    """Nobody but its maker reads it; here, nobody tries."""
    return f"gAAAA{urlsafe_b64encode(text.encode()).decode()}"
