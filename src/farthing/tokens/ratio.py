"""What a model has shown: the highest tokens per byte in its last calls, for models without a public tokenizer.

A ratio is kept as the two whole numbers it is made of and compared by cross-multiplication: exact, and no float. The
highest of a sliding window is the front of a queue that only ever falls, so learning costs O(1) on average.

It is an estimate, not a bound: a call whose text is denser than all before it may bill more, which is then learned.
"""

from collections import deque

import msgspec

WINDOW = 1_000
"""Calls that are remembered of each model."""
ENOUGH = 20
"""Calls without which nothing is said about a model."""
SHORTEST = 1_024
"""Bytes of text below which a call teaches nothing: its tokens are mostly template, and bytes bound it well anyway."""
MOST_MODELS = 1_024
"""Models that are remembered; the one that learned least recently is forgotten first."""


Served = tuple[str, str]
"""A provider and its model: the same name elsewhere may have another tokenizer or template."""


class Ratio(msgspec.Struct, frozen=True, gc=False):
    """`tokens / bytes` of one call, and which call of its model it was."""

    tokens: int
    bytes: int
    call: int


class Ratios:
    """The ratios of all models. Not for several threads at once."""

    __slots__ = ("_latest", "_model", "_models")

    def __init__(self) -> None:
        self._models: dict[Served, _Seen] = {}
        """The one that learned least recently first."""
        self._model: Served | None = None
        self._latest = _Seen()
        """Of the model that learned last, as that nearly always learns next."""

    def learn(self, model: Served, text_bytes: int, input_tokens: int) -> None:
        """Take in one settled call. `input_tokens` is all it billed as input, so template overhead raises the ratio;
        leave out calls with media or pointers, whose tokens are not from their text."""
        if text_bytes < SHORTEST or input_tokens <= 0:
            return
        seen = self._latest if model == self._model else self._turn_to(model)
        seen.add(input_tokens, text_bytes)

    def bound(self, model: Served, text_bytes: int) -> int | None:
        """Tokens to expect of so many bytes at the highest ratio seen, and 10 % more; None until enough was seen."""
        seen = self._models.get(model)
        if seen is None or seen.calls < ENOUGH:
            return None
        highest = seen.falling[0]
        return -(-text_bytes * highest.tokens * 11 // (highest.bytes * 10))

    def _turn_to(self, model: Served) -> "_Seen":
        models = self._models
        seen = models.pop(model, None)
        if seen is None:
            seen = _Seen()
            if len(models) >= MOST_MODELS:
                del models[next(iter(models))]
        self._model, self._latest = model, seen
        models[model] = seen
        return seen


class _Seen:
    """The last calls of one model: a queue whose ratios fall from front to back."""

    __slots__ = ("calls", "falling")

    def __init__(self) -> None:
        self.calls = 0
        self.falling: deque[Ratio] = deque()

    def add(self, tokens: int, text_bytes: int) -> None:
        falling, call = self.falling, self.calls
        self.calls = call + 1
        while falling and tokens * falling[-1].bytes >= falling[-1].tokens * text_bytes:
            falling.pop()  # a later call shows at least as much
        falling.append(Ratio(tokens, text_bytes, call))
        if falling[0].call <= call - WINDOW:
            falling.popleft()
