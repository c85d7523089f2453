"""The makers' prompt caches: what a prompt finds there, what it leaves, and for how long."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from farthing.testing.answer import Block
from farthing.testing.tokens import Tokens

STEP = 128
"""OpenAI's cache grows in steps of this many tokens, from the model's minimum on."""
AUTOMATIC_TTL_MS = 10 * 60_000
"""How long an unused prefix stays; OpenAI says five to ten minutes, an hour at most."""
EXTENDED_TTL_MS = 24 * 60 * 60_000
"""The same with `prompt_cache_retention: 24h`."""
LOOK_BACK = 20
"""How many blocks Anthropic looks at from a breakpoint backwards, the breakpoint's own included."""
TTLS_MS = {"5m": 5 * 60_000, "1h": 60 * 60_000}

_MANY = 50_000


class Found(NamedTuple):
    """What of one prompt was read from the cache and what was written to it, in tokens."""

    read: int = 0
    written_5m: int = 0
    written_1h: int = 0

    @property
    def written(self) -> int:
        return self.written_5m + self.written_1h


class _Entries:
    """Prefixes by digest, each with its life span and its end. A read begins its life again."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._ends: dict[bytes, tuple[int, int]] = {}

    def alive(self, digest: bytes) -> bool:
        entry = self._ends.get(digest)
        return entry is not None and self._clock() < entry[1]

    def refresh(self, digest: bytes) -> None:
        if self.alive(digest):
            span = self._ends[digest][0]
            self._ends[digest] = (span, self._clock() + span)

    def write(self, digest: bytes, span_ms: int) -> None:
        if len(self._ends) >= _MANY:
            self._prune()
        self._ends[digest] = (span_ms, self._clock() + span_ms)

    def clear(self) -> None:
        self._ends.clear()

    def _prune(self) -> None:
        now = self._clock()
        self._ends = {digest: entry for digest, entry in self._ends.items() if now < entry[1]}
        if len(self._ends) >= _MANY:
            self._ends.clear()


class AutomaticCache:
    """OpenAI's: every prompt of the minimum length or more is cached, and found again by its prefix."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._entries = _Entries(clock)

    def use(self, owner: str, tokens: Tokens, *, minimum: int, span_ms: int = AUTOMATIC_TTL_MS) -> Found:
        """Read the longest prefix that is cached for this owner (key and model), then cache the whole prompt.

        The last token is always computed, so a prompt never reads all of itself.
        """
        if len(tokens) < minimum:
            return Found()
        digests = _prefix_digests(owner, tokens)
        first = minimum // STEP - 1
        hit = next((at for at in range(len(digests) - 1, first - 1, -1) if self._entries.alive(digests[at])), None)
        for digest in digests[first:]:
            self._entries.write(digest, span_ms)
        read = 0 if hit is None else (hit + 1) * STEP
        return Found(read=read, written_5m=max(0, len(digests) * STEP - read) if len(digests) > first else 0)

    def clear(self) -> None:
        self._entries.clear()


class BreakpointCache:
    """Anthropic's: prefixes are cached where the request says so, and looked for from there backwards."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._entries = _Entries(clock)

    def use(self, owner: str, blocks: Sequence[Block], *, minimum: int) -> Found:
        """Read the longest cached prefix that a breakpoint can see; write what lies between it and the last breakpoint.

        Where both life spans are used: up to the last one-hour breakpoint is written for an hour, the rest for five
        minutes (Anthropic's rule for mixed TTLs). A prefix below the minimum is neither read nor written.
        """
        marks = [at for at, block in enumerate(blocks) if block.ttl]
        if not marks:
            return Found()
        digests = _block_digests(owner, blocks)
        sums = _running_sums(block.tokens for block in blocks)
        hit = self._longest(marks, digests)
        read = 0 if hit is None else sums[hit]
        for at in marks:
            if hit is not None and at <= hit:
                self._entries.refresh(digests[at])
        fresh = [at for at in marks if (hit is None or at > hit) and sums[at] >= minimum]
        for at in fresh:
            self._entries.write(digests[at], TTLS_MS[blocks[at].ttl])
        hour_end = max((sums[at] for at in fresh if blocks[at].ttl == "1h"), default=read)
        end = max((sums[at] for at in fresh), default=read)
        return Found(read=read, written_5m=end - hour_end, written_1h=hour_end - read)

    def clear(self) -> None:
        self._entries.clear()

    def _longest(self, marks: list[int], digests: list[bytes]) -> int | None:
        for mark in reversed(marks):
            for at in range(mark, max(-1, mark - LOOK_BACK), -1):
                if self._entries.alive(digests[at]):
                    self._entries.refresh(digests[at])
                    return at
        return None


def _prefix_digests(owner: str, tokens: Tokens) -> list[bytes]:
    """A digest for each whole step of the prompt but its last token."""
    data = memoryview(tokens).cast("B")
    running = blake2b(owner.encode(), digest_size=16)
    digests = []
    for step in range((len(tokens) - 1) // STEP):
        running.update(data[step * STEP * 8 : (step + 1) * STEP * 8])
        digests.append(running.digest())
    return digests


def _block_digests(owner: str, blocks: Sequence[Block]) -> list[bytes]:
    running = blake2b(owner.encode(), digest_size=16)
    digests = []
    for block in blocks:
        running.update(f"{len(block.content)} {block.content}".encode())
        digests.append(running.digest())
    return digests


def _running_sums(numbers: Iterable[int]) -> list[int]:
    total = 0
    sums = []
    for number in numbers:
        total += number
        sums.append(total)
    return sums
