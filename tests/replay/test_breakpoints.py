"""Breakpoints of another plan: where they stand, how long they keep, and whom they are told."""

import msgspec
import pytest

from farthing.domain.record import Skeleton
from farthing.replay.asked import Asked
from farthing.replay.breakpoints import marked
from farthing.replay.caches import parts_of
from support.past_calls import a_call, a_skeleton

BARE, HOUR, SYSTEM = ("", "", "", ""), ("", "", "", "1h"), ("5m", "", "", "5m")
CLAUDE = {"dialect": "anthropic-messages", "model": "claude-sonnet-4-5", "cost_nanos": 1, "remainder_picos": 0}


def recorded(marks):
    """A call with breakpoints on the prompt before its messages and on its three messages."""
    shape = a_skeleton(3)
    messages = [
        msgspec.structs.replace(each, breakpoint=mark) for each, mark in zip(shape.messages, marks[1:], strict=True)
    ]
    shape = msgspec.structs.replace(shape, messages=tuple(messages), prompt_breakpoint=marks[0])
    call = msgspec.structs.replace(a_call(skeleton=msgspec.json.encode(shape)), **CLAUDE)
    return Asked(call, parts_of(call, 1_000))


def marks_of(asked):
    shape = msgspec.json.decode(asked.call.skeleton, type=Skeleton)
    found = (shape.prompt_breakpoint, *(message.breakpoint for message in shape.messages))
    assert tuple(part.ttl for part in asked.parts) == found
    return found


@pytest.mark.parametrize(
    ("then", "plan", "ttl", "now"),
    [
        (BARE, "auto", None, ("5m", "", "", "5m")),
        (BARE, "auto", "1h", ("1h", "", "", "1h")),
        (BARE, "system", None, ("5m", "", "", "")),
        (SYSTEM, "auto", "1h", ("1h", "", "", "1h")),
        (HOUR, "auto", None, HOUR),
        (HOUR, "auto", "5m", ("", "", "", "5m")),
        (SYSTEM, "system", "1h", ("1h", "", "", "")),
        (SYSTEM, "off", None, BARE),
        (BARE, "off", "1h", BARE),
    ],
)
def test_each_plan_has_its_breakpoints(then, plan, ttl, now):
    assert marks_of(marked(recorded(then), plan, ttl)) == now


def test_a_call_whose_breakpoints_stay_is_the_same_call():
    call = recorded(HOUR)
    assert marked(call, "auto", "1h") is call


def test_providers_that_cache_by_themselves_are_told_nothing():
    call = Asked(a_call(messages=3))
    for plan in ("off", "system", "auto"):
        assert marked(call, plan, "1h") is call
