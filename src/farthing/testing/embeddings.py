"""Embeddings: vectors made from the words of a text, alike where the words are alike, and the same every time."""

import base64
import math
from array import array
from typing import Any

from farthing.testing import openai_rules as rules
from farthing.testing.answer import Answer, Ask, Event
from farthing.testing.conversation import Prompt, Turn
from farthing.testing.errors import Rejected, openai_body
from farthing.testing.names import names
from farthing.testing.tokens import Tokens, encode, joined

_KNOWN = names("input model dimensions encoding_format user")
_MOST_INPUTS = 2_048
_DIMENSIONS = 1_536
_LARGE_DIMENSIONS = 3_072
_SPREAD = 16
"""In how many dimensions each token leaves its mark."""


class Embeddings:
    """`POST /v1/embeddings`."""

    name = "openai-embeddings"
    maker = "openai"
    id_prefix = "embd-"
    call_prefix = ""

    def read(self, body: dict[str, Any]) -> Ask:
        name, model = rules.model_of(body)
        given = rules.require(body, "input")
        rules.refuse_unknown(body, _KNOWN)
        rules.integer(body, "dimensions", 1, _LARGE_DIMENSIONS)
        inputs = inputs_of(given)
        for tokens in inputs:
            rules.check_context(len(tokens), model, "input")
        text = given if isinstance(given, str) else ""
        prompt = Prompt(dialect=self.name, model=name, turns=(Turn(role="user", text=text),))
        return Ask(prompt=prompt, model=model, body=body, tokens=joined(inputs))

    def whole(self, answer: Answer) -> dict[str, Any]:
        body = answer.ask.body
        large = answer.ask.prompt.model.endswith("large")
        dimensions = body.get("dimensions") or (_LARGE_DIMENSIONS if large else _DIMENSIONS)
        data = [
            {"object": "embedding", "index": at, "embedding": _written(vector(tokens, dimensions), body)}
            for at, tokens in enumerate(inputs_of(body["input"]))
        ]
        return {"object": "list", "data": data, "model": answer.ask.prompt.model, "usage": self.usage(answer, 0)}

    def events(self, answer: Answer) -> list[Event]:
        raise AssertionError(f"embeddings are never streamed, but {answer.id} was")

    def usage(self, answer: Answer, made: int) -> dict[str, Any]:  # noqa: ARG002  embeddings make no output tokens
        tokens = answer.usage.input_tokens
        return {"prompt_tokens": tokens, "total_tokens": tokens}

    def error(self, error: Rejected, request_id: str) -> dict[str, Any]:  # noqa: ARG002  OpenAI keeps the id in a header
        return openai_body(error)

    def error_event(self, error: Rejected, request_id: str, made: int) -> Event:  # noqa: ARG002
        return Event(data=openai_body(error), made=made)


def inputs_of(given: Any) -> list[Tokens]:
    """Each input as token ids: a text, a list of texts, a list of ids, or a list of lists of ids."""
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list) or not given or len(given) > _MOST_INPUTS or "" in given:
        raise Rejected("'$.input' is invalid. Please check the API reference: /docs/api-reference.", param="input")
    if isinstance(given[0], int):
        given = [given]
    return [encode(one) if isinstance(one, str) else array("q", one) for one in given]


def vector(tokens: Tokens, dimensions: int) -> list[float]:
    """A unit vector: each token pushes a few dimensions of its own up or down."""
    values = [0.0] * dimensions
    for token in tokens:
        state = (token * 2_654_435_761 + 97) & 0xFFFFFFFF
        for _ in range(_SPREAD):
            state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
            values[(state >> 8) % dimensions] += 1.0 if state & 0x80000000 else -1.0
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / length for value in values]


def _written(values: list[float], body: dict[str, Any]) -> list[float] | str:
    if body.get("encoding_format") == "base64":
        return base64.b64encode(array("f", values).tobytes()).decode()
    return values
