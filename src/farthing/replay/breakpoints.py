"""Cache breakpoints of another plan: `off` has none, `system` one behind tools and system, `auto` the caller's own or, where
there are none, one behind the system and one on the last message."""

import msgspec

from farthing.domain.record import MessageShape, Skeleton
from farthing.replay.asked import Asked
from farthing.replay.prefixing import USUAL_TTL, is_marked, on_demand, shape_of


def marked(asked: Asked, plan: str, ttl: str | None) -> Asked:
    """The call with the breakpoints of this plan; providers that cache by themselves are told nothing."""
    if not on_demand(asked.call):
        return asked
    shape = shape_of(asked.call)
    found = _planned(shape, plan, ttl)
    if found == shape:
        return asked
    marks = (found.prompt_breakpoint, *(message.breakpoint for message in found.messages))
    parts = zip(asked.parts, marks, strict=True) if asked.parts else ()
    return asked.rewritten(found, tuple(part._replace(ttl=mark) for part, mark in parts))


def _planned(shape: Skeleton, plan: str, ttl: str | None) -> Skeleton:
    if plan == "auto" and is_marked(shape):
        return (
            shape
            if ttl is None
            else _with(
                shape,
                [ttl if each.breakpoint else "" for each in shape.messages],
                ttl if shape.prompt_breakpoint else "",
            )
        )
    bare = [""] * len(shape.messages)
    if plan == "off":
        return _with(shape, bare, "")
    if plan == "auto" and bare:
        bare[-1] = ttl or USUAL_TTL
    return _with(shape, bare, ttl or shape.prompt_breakpoint or USUAL_TTL)


def _with(shape: Skeleton, of_messages: list[str], of_prompt: str) -> Skeleton:
    messages: list[MessageShape] = [
        message if message.breakpoint == ttl else msgspec.structs.replace(message, breakpoint=ttl)
        for message, ttl in zip(shape.messages, of_messages, strict=True)
    ]
    return msgspec.structs.replace(shape, messages=tuple(messages), prompt_breakpoint=of_prompt)
