"""What providers' prompt caches would have held, by the parts of prompts: the rules of `farthing.testing.caches`, without text.

A record knows the lengths of a prompt's parts and which of them are equal; so a prefix is a chain of whole parts, and a
part that is new counts as new from its first token.
"""

from collections.abc import Sequence
from typing import NamedTuple

from farthing.domain.record import Skeleton
from farthing.replay.prefixing import shape_of
from farthing.replay.recorded import Recorded
from farthing.testing.caches import AUTOMATIC_TTL_MS, LOOK_BACK, STEP, TTLS_MS, Found
from farthing.testing.models import model_named

_MOST = 200_000
"""Prefixes remembered, some 200 bytes each; those that ended are forgotten first, then those written first."""


class Part(NamedTuple):
    """One part of a prompt: equal parts have equal marks."""

    mark: int | str
    tokens: int
    ttl: str = ""
    """Of the cache breakpoint on it."""


Owner = tuple[str, str]
"""A key and a model: who shares a cache."""


class PrefixCaches:
    """The caches of all makers, for the time of one replay."""

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        self._ends: dict[int, tuple[int, int, int]] = {}
        """Span, end and length of each prefix, by its chained hash. The length is in steps, of automatic caches only."""

    def use(self, owner: Owner, parts: Sequence[Part], *, automatic: bool, now_ms: int) -> Found:
        """What a call with this prompt reads and writes at this moment, in tokens."""
        if len(self._ends) > _MOST:
            self._forget(now_ms)
        minimum = model_named(owner[1]).cache_minimum
        chain = _chained(owner, parts)
        if automatic:
            return self._automatic(parts, chain, minimum, now_ms)
        return self._at_breakpoints(parts, chain, minimum, now_ms)

    def _automatic(self, parts: Sequence[Part], chain: list[int], minimum: int, now_ms: int) -> Found:
        """OpenAI's: the longest known prefix, in steps of 128 from the minimum on; the last token is always computed."""
        sums = _sums(parts)
        whole = sums[-1] if sums else 0
        if whole < minimum:
            return Found()
        read = 0
        for at in range(len(chain) - 1, -1, -1):
            if self._alive(chain[at], now_ms):
                read = min(self._ends[chain[at]][2], (whole - 1) // STEP) * STEP
                break
        for link, tokens in zip(chain, sums, strict=True):
            before = self._ends[link][2] if self._alive(link, now_ms) else 0
            steps = max(before, min(tokens, whole - 1) // STEP)
            self._ends[link] = (AUTOMATIC_TTL_MS, now_ms + AUTOMATIC_TTL_MS, steps)
        read = read if read >= minimum else 0
        return Found(read=read, written_5m=max(0, (whole - 1) // STEP * STEP - read))

    def _at_breakpoints(self, parts: Sequence[Part], chain: list[int], minimum: int, now_ms: int) -> Found:
        """Anthropic's: what a breakpoint can see twenty blocks back is read, what lies between is written."""
        marks = [at for at, part in enumerate(parts) if part.ttl]
        if not marks:
            return Found()
        sums = _sums(parts)
        hit = self._longest(marks, chain, now_ms)
        read = 0 if hit is None else sums[hit]
        for at in marks:
            if hit is not None and at <= hit:
                self._refresh(chain[at], now_ms)
        fresh = [at for at in marks if (hit is None or at > hit) and sums[at] >= minimum]
        for at in fresh:
            span = TTLS_MS[parts[at].ttl]
            self._ends[chain[at]] = (span, now_ms + span, 0)
        hour_end = max((sums[at] for at in fresh if parts[at].ttl == "1h"), default=read)
        end = max((sums[at] for at in fresh), default=read)
        return Found(read=read, written_5m=end - hour_end, written_1h=hour_end - read)

    def _longest(self, marks: list[int], chain: list[int], now_ms: int) -> int | None:
        for mark in reversed(marks):
            for at in range(mark, max(-1, mark - LOOK_BACK), -1):
                if self._alive(chain[at], now_ms):
                    self._refresh(chain[at], now_ms)
                    return at
        return None

    def _alive(self, link: int, now_ms: int) -> bool:
        entry = self._ends.get(link)
        return entry is not None and now_ms < entry[1]

    def _refresh(self, link: int, now_ms: int) -> None:
        if self._alive(link, now_ms):
            span, _, steps = self._ends[link]
            self._ends[link] = (span, now_ms + span, steps)

    def _forget(self, now_ms: int) -> None:
        self._ends = {link: entry for link, entry in self._ends.items() if now_ms < entry[1]}
        if len(self._ends) > _MOST // 2:
            self._ends = dict(list(self._ends.items())[-(_MOST // 2) :])


def parts_of(call: Recorded, input_tokens: int) -> tuple[Part, ...]:
    """The prompt of a call in parts that sum to these tokens. What a message has is its share by bytes, as in
    `farthing.accounts.shape`; tools, system and template stand in front. Empty where nobody knows the prompt's shape."""
    if call.blocks:
        return tuple(Part(mark, tokens) for mark, tokens in call.blocks)
    if not call.skeleton:
        return ()
    shape = shape_of(call)
    whole = max(shape.text_bytes, sum(message.bytes for message in shape.messages))
    if not whole:
        return ()
    return _of_messages(shape, input_tokens, whole)


def _of_messages(shape: Skeleton, input_tokens: int, whole: int) -> tuple[Part, ...]:
    parts, before, bytes_before = [], 0, 0
    for message in shape.messages:
        bytes_before += message.bytes
        upto = input_tokens * bytes_before // whole
        parts.append(Part(message.digest, upto - before, message.breakpoint))
        before = upto
    return (Part(shape.tools_digest + shape.prompt_digest, input_tokens - before, shape.prompt_breakpoint), *parts)


def _chained(owner: Owner, parts: Sequence[Part]) -> list[int]:
    link = hash(owner)
    chain = []
    for part in parts:
        link = hash((link, part.mark))
        chain.append(link)
    return chain


def _sums(parts: Sequence[Part]) -> list[int]:
    total = 0
    sums = []
    for part in parts:
        total += part.tokens
        sums.append(total)
    return sums
