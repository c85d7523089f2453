"""From the provider's caches as simulated to a bill: the record, changed by as much as the two worlds differ.

Simulation and record need not agree in what was cached then: providers forget early, and a part's tokens are its share by
bytes. So nothing is taken from the simulation that both worlds have, and what differs is carried over to the record.
"""

from typing import NamedTuple

import msgspec

from farthing.domain.usage import Usage
from farthing.replay.caches import Owner
from farthing.replay.prefixing import on_demand
from farthing.replay.recorded import Recorded
from farthing.testing.caches import Found

CACHE = "what the provider's cache held"


class Seen(NamedTuple):
    """What one prompt finds in the simulated caches."""

    then: Found
    now: Found
    told: bool
    """The provider caches by itself, or is told to."""


def recached(usage: Usage, call: Recorded, seen: Seen) -> Usage:
    """The usage, whose parts are the recorded ones, with what this world's cache gives."""
    before = call.usage
    if not seen.told:
        return _of(usage, 0, 0, 0)
    if before is None:
        return _bounded(usage, seen.now.read, seen.now.written if on_demand(call) else 0, seen.now.written_1h)
    if not on_demand(call):
        read = _carried(before.cache_read_input_tokens, seen.then.read, seen.now.read)
        return _bounded(usage, read, before.cache_write_input_tokens, before.cache_write_1h_input_tokens)
    if seen.now == seen.then:
        return _bounded(
            usage, before.cache_read_input_tokens, before.cache_write_input_tokens, before.cache_write_1h_input_tokens
        )
    return _at_breakpoints(usage, before, seen)


def astray(call: Recorded, seen: Seen | None) -> int | None:
    """By how many tokens the simulation misses what was read from the cache then and, where writing is billed, written.
    None where it says nothing."""
    if seen is None or call.usage is None:
        return None
    missed = abs(call.usage.cache_read_input_tokens - seen.then.read)
    return missed + abs(call.usage.cache_write_input_tokens - seen.then.written) if on_demand(call) else missed


def owner_of(call: Recorded, model: str) -> Owner:
    return call.key, model


def _at_breakpoints(usage: Usage, before: Usage, seen: Seen) -> Usage:
    """Up to where the prompt is cached, and how much of that was there before. A token of the simulation is as many of the
    provider's as it was up to the recorded breakpoint."""
    then, now, _ = seen
    upto_then = then.read + then.written
    upto_before = before.cache_read_input_tokens + before.cache_write_input_tokens

    def scaled(tokens: int) -> int:
        return tokens * upto_before // upto_then if upto_then else tokens

    upto = scaled(now.read + now.written)
    read = min(upto, before.cache_read_input_tokens if now.read == then.read else scaled(now.read))
    written = upto - read
    return _bounded(usage, read, written, written * now.written_1h // now.written if now.written else 0)


def _carried(before: int, then: int, now: int) -> int:
    """The recorded count, changed as the simulated one changes: as much more, or in proportion less."""
    if now < then:
        return before * now // then
    return before + now - then


def _bounded(usage: Usage, read: int, written: int, hour: int) -> Usage:
    """With as much of each as there is room for."""
    read = min(read, usage.input_tokens)
    written = min(written, usage.input_tokens - read)
    return _of(usage, read, written, min(hour, written))


def _of(usage: Usage, read: int, written: int, hour: int) -> Usage:
    return msgspec.structs.replace(
        usage,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=hour,
        cached_audio_input_tokens=min(usage.cached_audio_input_tokens, read),
    )
