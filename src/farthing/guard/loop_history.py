"""The history of a session whose requests each tell a part of it, put together again and bounded.

With `previous_response_id` the provider keeps the conversation and a request brings only what is new. Calls are then known
from the answers, their results from the next request: a use without a name that bears the id of its call completes it.
"""

from collections.abc import Sequence

import msgspec

from farthing.guard.loops import MOST_USES
from farthing.wire.history import ToolUse


class Told(msgspec.Struct, frozen=True):
    """What the requests of a session have told so far."""

    uses: tuple[ToolUse, ...] = ()
    """In the order of the calls, the latest `MOST_USES` at the most; turns and words count from the session's beginning."""
    turns: int = 0
    words: int = 0
    """How many different things the user has said, as far as each request alone can tell."""


def extend(earlier: Told, new: Sequence[ToolUse], *, turns: int = 0, words: int = 0) -> Told:
    """What is known after one more request, or answer, that tells of `new`. `turns` and `words` are its own counts.

    A use whose id is known adds its result where that was missing, and nothing else: so a request may tell again what an
    earlier one told. A nameless use whose call is unknown is left out.
    """
    known = {use.id: at for at, use in enumerate(earlier.uses) if use.id}
    told_again = next((at for at, use in enumerate(new) if use.name and use.id in known), None)
    turns_before, words_before = earlier.turns, earlier.words
    if told_again is not None:
        new = new[told_again:]  # what stands before is older than all that is remembered
        same = earlier.uses[known[new[0].id]]
        turns_before, words_before = max(same.turn - new[0].turn, 0), max(same.words - new[0].words, 0)
    uses = list(earlier.uses)
    for use in new:
        at = known.get(use.id)
        if at is not None:
            uses[at] = _completed(uses[at], use)
        elif use.name:
            if use.id:
                known[use.id] = len(uses)
            counted = msgspec.structs.replace(use, turn=turns_before + use.turn, words=words_before + use.words)
            uses.append(counted)
    return Told(
        tuple(uses[-MOST_USES:]),
        turns=max(earlier.turns, turns_before + turns),
        words=max(earlier.words, words_before + words),
    )


def _completed(use: ToolUse, later: ToolUse) -> ToolUse:
    if use.result is not None or later.result is None:
        return use
    return msgspec.structs.replace(use, result=later.result, error=later.error)
