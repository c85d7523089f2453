"""The one signature of everything that may change a plan: a generator that asks for facts and returns a plan.

A stage never waits, reads or counts by itself. It yields a need; the driver answers it; so the same stage serves the
gateway, the SDK and replay, and its test hands it values.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

import msgspec

from farthing.call.plan import Plan
from farthing.domain.model import ModelFacts
from farthing.wire.dialect import Draft

T = TypeVar("T")


class ExactCount(msgspec.Struct, frozen=True):
    """How many input tokens this body is, exactly, by its public tokenizer. Answered with `int | None`."""

    draft: Draft
    facts: ModelFacts


class ProviderCount(msgspec.Struct, frozen=True):
    """How many input tokens the provider itself counts, within 300 ms and free of charge. Answered with `int | None`."""

    plan: Plan


class ContextOf(msgspec.Struct, frozen=True):
    """How many tokens an earlier answer of the same tenant left behind it. Answered with `int | None`."""

    tenant: str
    response_id: str


Need = ExactCount | ProviderCount | ContextOf
Steps = Generator[Need, Any, T]
Stage = Callable[[Plan], Steps[Plan]]


def ask(need: Need) -> Steps[int | None]:
    """Ask for a fact and take the answer."""
    answer: int | None = yield need
    return answer


def run(steps: Steps[T], answer: Callable[[Need], int | None]) -> T:
    """Walk a stage with ready answers: what tests and replay do, and what the driver does with awaits in between."""
    reply: int | None = None
    while True:
        try:
            need = steps.send(reply)
        except StopIteration as done:
            result: T = done.value
            return result
        reply = answer(need)
