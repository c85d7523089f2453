"""Where the prompt of a recorded call ends what its provider was told to cache."""

import msgspec

from farthing.domain.record import Skeleton
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


def on_demand(call: Recorded) -> bool:
    """Whether its provider caches only what a request marks."""
    return call.dialect.startswith("anthropic")


def is_marked(shape: Skeleton) -> bool:
    return bool(shape.prompt_breakpoint) or any(message.breakpoint for message in shape.messages)
