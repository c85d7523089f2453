"""What an agent got done between two uses of its tools: the difference between going round and going on."""

from collections.abc import Sequence
from itertools import accumulate

from farthing.guard.loop_tools import Manner, manner_of
from farthing.wire.history import ToolUse

NEWS_THAT_COUNT = 4
"""So many new answers between two calls are progress. Fewer are the chatter that loops have between their rounds."""


class Progress:
    """Of a row of answered uses: which did something new, told something new or let time pass. All of them came after the
    user last said something new: that is progress by itself."""

    __slots__ = ("_acts", "_news", "_waits")

    def __init__(self, uses: Sequence[ToolUse]) -> None:
        manners = [manner_of(use.name) for use in uses]
        acts, news = _firsts(uses, manners)
        self._acts, self._news = list(accumulate(acts)), list(accumulate(news))
        self._waits = list(accumulate(manner is Manner.WAITS for manner in manners))

    def made(self, earlier: int, later: int) -> bool:
        """Whether anything happened after use `earlier` and before use `later` that is a reason to ask again.

        A new act that did not fail; or `NEWS_THAT_COUNT` new answers.
        """
        acted = self._acts[later - 1] != self._acts[earlier]
        return acted or self._news[later - 1] - self._news[earlier] >= NEWS_THAT_COUNT

    def waited(self, earlier: int, later: int) -> bool:
        """Whether the agent let time pass between the two."""
        return self._waits[later - 1] != self._waits[earlier]


def _firsts(uses: Sequence[ToolUse], manners: Sequence[Manner]) -> tuple[list[bool], list[bool]]:
    """Which uses were new acts and which gave new answers. An act is new by what was asked and came of it, an answer by
    what it says. Errors are neither."""
    done: set[tuple[str, bytes, bytes | None]] = set()
    told: set[tuple[str, bytes | None]] = set()
    acts, news = [], []
    for use, manner in zip(uses, manners, strict=True):
        act = news_here = False
        if use.error:
            pass
        elif manner is Manner.ACTS:
            size = len(done)
            done.add((use.name, use.arguments, use.result))
            act = len(done) > size
        else:
            size = len(told)
            told.add((use.name, use.result))
            news_here = len(told) > size
        acts.append(act)
        news.append(news_here)
    return acts, news
