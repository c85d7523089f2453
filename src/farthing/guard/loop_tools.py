"""What the name of a tool says about it: does it act, does it only tell, is it there to be asked again, does it wait?

Names are all that is known here, so a name that says nothing is taken to act: the benefit of the doubt is the agent's.
"""

import re
from enum import Enum
from functools import lru_cache


class Manner(Enum):
    """What calling a tool does, as far as its name says."""

    ACTS = "acts"
    """It changes something, or may."""
    TELLS = "tells"
    """It reads, searches or reckons: asking it twice changes nothing."""
    POLLS = "polls"
    """It tells how something stands that goes on by itself."""
    WAITS = "waits"
    """It lets time pass."""


@lru_cache(maxsize=4096)
def manner_of(name: str) -> Manner:
    """The manner of a tool by the words of its name: `getOrderStatus` polls, `set_status` acts, `mcp__wiki__search` tells.

    A word for acting outweighs the others: `find_and_replace` acts. The server's name in an MCP tool's says nothing.
    """
    words = [word.lower() for word in _WORD.findall(name.rpartition("__")[2])]
    if not words or words[0] in _ACTING_FIRST or not _ACTING.isdisjoint(words):
        return Manner.ACTS
    return next((manner for known, manner in _OTHERS if not known.isdisjoint(words)), Manner.ACTS)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ACTING = _words(
    "add append apply approve assign buy cancel commit create delete deploy drop edit execute insert install merge modify"
    " patch publish remove rename replace restart submit toggle transfer undo update upload write"
)
_ACTING_FIRST = _words("make mark post press push put reset run save send set start stop")
"""Words that are as often a noun: `post_query` acts, `get_post` tells."""
_WAITING = _words("await delay pause sleep wait")
_POLLING = _words("health heartbeat monitor ping poll polling progress ready readiness status watch")
_TELLING = _words(
    "ask browse calc calculate calculator cat check compare compute convert count describe explain explore fetch find get"
    " glob grep has info inspect is knowledge list look lookup ls note plan preview query read reason recall reflect"
    " retrieve scan search select show summarize think thinking thought validate verify view weather"
)
_OTHERS = ((_WAITING, Manner.WAITS), (_POLLING, Manner.POLLS), (_TELLING, Manner.TELLS))
