"""Cache breakpoints of another plan: `off` has none, `system` one behind tools and system, `auto` the caller's own or, where
there are none, one behind the system and one on the last message."""

import msgspec

from farthing.domain.record import MessageShape, Skeleton
from farthing.replay.draft import read_skeleton
from farthing.replay.recorded import Recorded

USUAL_TTL = "5m"


def shape_of(call: Recorded) -> Skeleton:
    """The skeleton, with the breakpoint that only the bill tells of: a provider that caches where it is told to has cached
    something, and no message says where, so it was behind tools and system (older records do not have it)."""
    shape = read_skeleton(call.skeleton)
    usage = call.usage
    if usage is None or not on_demand(call) or is_marked(shape):
        return shape
    if not usage.cache_read_input_tokens and not usage.cache_write_input_tokens:
        return shape
    ttl = "1h" if usage.cache_write_1h_input_tokens else USUAL_TTL
    return msgspec.structs.replace(shape, prompt_breakpoint=ttl)


def marked(call: Recorded, plan: str, ttl: str | None) -> Recorded:
    """The call with the breakpoints of this plan; providers that cache by themselves are told nothing."""
    if not on_demand(call):
        return call
    shape = shape_of(call)
    found = _planned(shape, plan, ttl)
    return call if found == shape else msgspec.structs.replace(call, skeleton=msgspec.json.encode(found))


def on_demand(call: Recorded) -> bool:
    """Whether its provider caches only what a request marks."""
    return call.dialect.startswith("anthropic")


def is_marked(shape: Skeleton) -> bool:
    return bool(shape.prompt_breakpoint) or any(message.breakpoint for message in shape.messages)


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
