"""A past for replay: recorded calls as values, policies as text, and what becomes of the one under the other."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from farthing.config.load import load, load_over
from farthing.domain.ids import EPOCH_MS
from farthing.domain.record import MessageShape, Skeleton
from farthing.domain.usage import Usage
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.replay.recorded import Recorded
from farthing.replay.replaying import Replay
from farthing.replay.tally import Tally
from farthing.replay.world import World

BEGIN_MS = EPOCH_MS + 20 * 86_400_000
BOOK = PriceBook.load()
MODEL = "gpt-4o"
STEP_MS = 10_000
"""Between two calls, each of which takes a second."""


def a_call(number=0, *, run="", at_ms=None, usage=(1_000, 100), cached=0, cap=1_000, messages=1, **more) -> Recorded:
    """A paid call at list price; the number tells when it came."""
    at_ms = BEGIN_MS + number * STEP_MS if at_ms is None else at_ms
    model = more.get("model", MODEL)
    fields = {
        "id": (at_ms - EPOCH_MS) << 22 | number << 4,
        "arrived_ms": at_ms,
        "origin": f"call {number}",
        "labels": (("run", run), ("workflow", "test")) if run else (),
        "model": model,
        "sent_model": model,
        "provider": "openai",
        "cap_asked": cap,
        "cap": cap or 0,
        "text_bytes": 4_000,
        "overhead_tokens": 20,
        "bound": "bytes",
        "input_bound": 4_020,
        "skeleton": msgspec.json.encode(a_skeleton(messages)),
        "finish": "stop",
        "finished_ms": at_ms + 1_000,
    }
    if usage is None:
        return Recorded(**fields | {"outcome": "refused", "code": "budget_exceeded", "status": 402} | more)
    used = Usage(input_tokens=usage[0], output_tokens=usage[1], cache_read_input_tokens=cached)
    return Recorded(**fields | {"usage": used} | priced(model, used, at_ms) | more)


def priced(model, usage, at_ms=BEGIN_MS):
    """What the usage costs at list price, as fields of a recorded call."""
    found = cost(BOOK.find(model, "openai", at_ms=at_ms), usage)
    return {"cost_nanos": found.nanos, "remainder_picos": found.remainder_picos}


def a_skeleton(messages=1) -> Skeleton:
    shapes = [
        MessageShape("user" if at % 2 == 0 else "assistant", f"{at:016x}", 4_000 // messages) for at in range(messages)
    ]
    return Skeleton(messages=tuple(shapes), prompt_digest="p", text_bytes=4_000)


def a_run(name, calls, begin=0, **more):
    return [a_call(begin + at, run=name, **more) for at in range(calls)]


def a_world(policy="", base="") -> World:
    """The policy over the recorded configuration, both as TOML."""
    with TemporaryDirectory() as folder:
        below, above = Path(folder, "farthing.toml"), Path(folder, "policy.toml")
        below.write_text(base)
        above.write_text(policy)
        return World(load_over(below, above, {}), load(below, {}))


def replay(calls, policy="", base="", **how):
    """What becomes of each call, in the order in which they ended."""
    found = []
    Replay(a_world(policy, base), found.append, **how).run(calls)
    return found


def tallied(calls, policy="", base="", **how) -> Tally:
    tally = Tally()
    for each in replay(calls, policy, base, **how):
        tally.add(each)
    return tally
