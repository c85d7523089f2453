"""Faults in what is said: bodies and streams as a broken provider would write them."""

from collections.abc import Callable
from typing import Any

import msgspec

from farthing.testing.answer import Answer, Event, Form
from farthing.testing.errors import of_status
from farthing.testing.faults import Fault

Object = dict[str, Any]
_HUGE = 10**15


def usage_name(form: Form) -> str:
    """The field in which the dialect says what was used."""
    return "usageMetadata" if form.maker == "gemini" else "usage"


def spoiled_body(form: Form, answer: Answer, fault: Fault | None, request_id: str) -> bytes:
    """The whole answer in bytes, with this fault in it."""
    body, usage = form.whole(answer), usage_name(form)
    kind = "" if fault is None else fault.kind
    match kind:
        case "no_usage":
            body.pop(usage)
        case "negative_usage" | "huge_usage":
            body[usage] = _altered(body[usage], kind)
        case "error_body":
            status = 529 if form.maker == "anthropic" else 500
            body = form.error(of_status(form.maker, status), request_id)
        case "malformed":
            return msgspec.json.encode(body)[:-2] + f',"{usage}":{{]}}'.encode()
        case "malformed_usage":
            text = msgspec.json.encode(body)
            return text.replace(f'"{usage}":{{'.encode(), f'"{usage}":{{{{'.encode(), 1)
        case "usage_twice":
            text = msgspec.json.encode(body)
            return text[:-1] + f',"{usage}":'.encode() + msgspec.json.encode(body[usage]) + b"}"
    return msgspec.json.encode(body)


def spoiled_events(
    form: Form, answer: Answer, events: list[Event], fault: Fault | None, request_id: str
) -> list[Event]:
    """The events of a stream with this fault in them. Faults of the connection are not made here."""
    if fault is None:
        return events
    final = next((at for at, event in enumerate(events) if event.final), len(events) - 1)
    match fault.kind:
        case "no_usage":
            return [cleared for event in events if (cleared := _without_usage(event)) is not None]
        case "usage_twice":
            return [*events[: final + 1], events[final], *events[final + 1 :]]
        case "usage_every_chunk" if form.maker != "gemini":  # which always does
            return _running_usage(form, answer, events)
        case "usage_with_choices":
            return _folded(events, final) if form.name == "openai-chat" else events
        case "zero_usage":
            return [event if event.final else _zeroed(form, event) for event in events]
        case "negative_usage" | "huge_usage":
            return [_with_usage(event, lambda usage: _altered(usage, fault.kind)) for event in events]
        case "malformed":
            return _broken(events, min(fault.events, len(events) - 1))
        case "malformed_usage":
            return _broken(events, final)
        case "truncate":
            return events[: min(fault.events, final)]
        case "error_event" | "error_body":
            kept = events[: min(fault.events, final)] if fault.kind == "error_event" else []
            status = 529 if form.maker == "anthropic" else 500
            made = kept[-1].made if kept else 0
            return [*kept, form.error_event(of_status(form.maker, status), request_id, made)]
        case _:
            return events


def _usage_home(data: Object) -> tuple[Object, str] | None:
    """The object of an event in which usage stands, and under which name; None where it has none."""
    for home in (data, data.get("response"), data.get("message")):
        for name in ("usage", "usageMetadata"):
            if isinstance(home, dict) and isinstance(home.get(name), dict):
                return home, name
    return None


def _with_usage(event: Event, change: Callable[[Object], Object | None]) -> Event:
    """The same event with its usage changed; None takes it away. Events are copied, since they share their parts."""
    if event.data is None or _usage_home(event.data) is None:
        return event
    data = msgspec.json.decode(msgspec.json.encode(event.data))
    found = _usage_home(data)
    assert found is not None
    home, name = found
    usage = change(home.pop(name))
    if usage is not None:
        home[name] = usage
    return msgspec.structs.replace(event, data=data)


def _without_usage(event: Event) -> Event | None:
    if event.data is not None and event.final and event.data.get("choices") == []:
        return None
    return _with_usage(event, lambda _usage: None)


def _altered(usage: Object, kind: str) -> Object:
    return {
        name: _altered(value, kind)
        if isinstance(value, dict)
        else (-value - 1 if kind == "negative_usage" else _HUGE)
        if isinstance(value, int)
        else value
        for name, value in usage.items()
    }


def _zeros(usage: Object) -> Object:
    return {
        name: _zeros(value) if isinstance(value, dict) else 0 if isinstance(value, int) else value
        for name, value in usage.items()
    }


def _zeroed(form: Form, event: Event) -> Event:
    if form.name == "openai-chat" and event.data is not None:
        zero = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        return msgspec.structs.replace(event, data={**event.data, "usage": zero})
    return _with_usage(event, _zeros)


def _running_usage(form: Form, answer: Answer, events: list[Event]) -> list[Event]:
    """Chat: on every chunk. Messages: a message_delta, Responses: a response.in_progress after every piece of output."""
    result = []
    for event in events:
        if form.name == "openai-chat" and event.data is not None:
            data = {**event.data, "usage": form.usage(answer, event.made)}
            result.append(msgspec.structs.replace(event, data=data))
            continue
        result.append(event)
        if event.content and form.name != "openai-chat":
            result.append(_interim(form, answer, events, event.made))
    return result


def _interim(form: Form, answer: Answer, events: list[Event], made: int) -> Event:
    usage = form.usage(answer, made)
    if form.name == "anthropic-messages":
        data: Object = {"type": "message_delta", "delta": {"stop_reason": None, "stop_sequence": None}, "usage": usage}
        return Event(name="message_delta", data=data, made=made)
    opening = events[1].data or {}
    response = {**opening.get("response", {}), "usage": usage}
    return Event(name="response.in_progress", data={**opening, "response": response}, made=made)


def _folded(events: list[Event], final: int) -> list[Event]:
    """The usage chunk merged into the chunk before it."""
    last, usage = events[final - 1], events[final]
    if usage.data is None or last.data is None:
        return events
    merged = msgspec.structs.replace(last, data={**last.data, "usage": usage.data["usage"]}, final=True)
    return [*events[: final - 1], merged, *events[final + 1 :]]


def _broken(events: list[Event], at: int) -> list[Event]:
    whole = events[at].encoded()
    broken = whole[:-6] + b'{"]\n\n'
    return [*events[:at], msgspec.structs.replace(events[at], raw=broken), *events[at + 1 :]]
