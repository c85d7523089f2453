"""How many tokens each part of a prompt is: measured where the record tells, else by its share of the bytes.

Providers count whole prompts. But an agent sends the same conversation again with more at its end, so what one call was
counted is what the beginning of the next one counts, and only what came between is spread by bytes.
"""

from collections.abc import Iterator

from farthing.domain.record import Skeleton
from farthing.replay.caches import Part, parts_of
from farthing.replay.prefixing import shape_of
from farthing.replay.recorded import Recorded

_MOST = 200_000
"""Prompts remembered, some 100 bytes each; those that came first are forgotten first."""


class Prompts:
    """Those of one replay so far."""

    __slots__ = ("_counted",)

    def __init__(self) -> None:
        self._counted: dict[int, int] = {}
        """What a provider counted for a whole prompt, by its chained hash."""

    def parts(self, call: Recorded) -> tuple[Part, ...]:
        """The prompt of a call in parts, tools and system first, that sum to what the provider counted. Empty where
        nobody knows its shape, or nobody counted. What it learns serves later calls."""
        if call.usage is None:
            return ()
        if call.blocks or not call.skeleton:
            return parts_of(call, call.usage.input_tokens)
        shape = shape_of(call)
        chain = list(_chained(call, shape))
        found = _spread(shape, self._points(chain, call.usage.input_tokens))
        if len(self._counted) > _MOST:
            self._counted = dict(list(self._counted.items())[_MOST // 2 :])
        self._counted[chain[-1]] = call.usage.input_tokens
        return found

    def _points(self, chain: list[int], whole: int) -> list[tuple[int, int]]:
        """How many parts were counted together, and as how many tokens: rising in both, the whole prompt last."""
        points: list[tuple[int, int]] = []
        for at, link in enumerate(chain[:-1]):
            tokens = self._counted.get(link)
            if tokens is not None and (points[-1][1] if points else 0) <= tokens <= whole:
                points.append((at + 1, tokens))
        return [*points, (len(chain), whole)]


def _spread(shape: Skeleton, points: list[tuple[int, int]]) -> tuple[Part, ...]:
    """The parts, where between two points each has its share by bytes."""
    sizes = [message.bytes for message in shape.messages]
    sizes.insert(0, max(0, shape.text_bytes - sum(sizes)))
    tokens: list[int] = []
    begin = before = 0
    for end, upto in points:
        tokens += _shares(sizes[begin:end], upto - before)
        begin, before = end, upto
    prompt = Part(shape.tools_digest + shape.prompt_digest, tokens[0], shape.prompt_breakpoint)
    rest = zip(shape.messages, tokens[1:], strict=True)
    return (prompt, *(Part(message.digest, count, message.breakpoint) for message, count in rest))


def _shares(sizes: list[int], tokens: int) -> list[int]:
    """The tokens by bytes; all of them in the last where nothing has any."""
    whole, seen, before = sum(sizes), 0, 0
    made = []
    for size in sizes:
        seen += size
        upto = tokens * seen // whole if whole else 0
        made.append(upto - before)
        before = upto
    made[-1] += tokens - before
    return made


def _chained(call: Recorded, shape: Skeleton) -> Iterator[int]:
    link = hash((call.dialect, call.sent_model, shape.tools_digest, shape.prompt_digest))
    yield link
    for message in shape.messages:
        link = hash((link, message.digest))
        yield link
