"""The very same request again: did its caller get an answer before, or is it a retry?

An agent that asks the same again after it was answered is not getting on; one whose request failed retries, which is
counted apart; and requests that go side by side are samples of one question.
"""

import msgspec

from farthing.guard.loops import Finding, LoopRules

MOST_REQUESTS = 8
"""How many different requests of a session are remembered: its agents may take turns."""


class Repeat(msgspec.Struct, frozen=True):
    """One request, as often as it came."""

    digest: bytes
    """Of the model and all messages."""
    answers: int = 0
    """How often it was answered before it came again."""
    retries: int = 0
    """How often it came again after it had failed."""
    open: int = 0
    """How many of it are under way."""
    answered: bool = False
    """The last that ended was answered."""
    ended: bool = False
    """One has ended since it last came."""


Requests = tuple[Repeat, ...]
"""The requests of one session, the latest last; () in the beginning."""


def sent(requests: Requests, digest: bytes) -> Requests:
    """What is known once a request has come in."""
    was, others = _apart(requests, digest)
    again = msgspec.structs.replace(
        was,
        answers=was.answers + (was.ended and was.answered),
        retries=was.retries + (was.ended and not was.answered),
        open=was.open + 1,
        ended=False,
    )
    return (*others, again)[-MOST_REQUESTS:]


def ended(requests: Requests, digest: bytes, *, answered: bool) -> Requests:
    """What is known once a request has got its whole answer, or has failed. Keeps the order."""
    return tuple(
        msgspec.structs.replace(each, open=each.open - 1, answered=answered, ended=each.open == 1)
        if each.digest == digest and each.open
        else each
        for each in requests
    )


def find_repeated(requests: Requests, rules: LoopRules, *, uses: int) -> Finding | None:
    """Whether the latest request came for the `same_call`-th time though each before it was answered.

    `uses` is how many uses of tools it tells of: without any it is no step of an agent, but one more sample or test run.
    """
    if not requests or not uses or not rules.limit:
        return None
    times = requests[-1].answers + 1
    if times < rules.limit:
        return None
    return Finding(kind="same_request", tool="", times=times, since=uses)


def _apart(requests: Requests, digest: bytes) -> tuple[Repeat, Requests]:
    """This request, new or known, and the others."""
    was = next((each for each in requests if each.digest == digest), Repeat(digest))
    return was, tuple(each for each in requests if each.digest != digest)
