"""How much of what an agent began with is gone, and whether enough is left for more than a last answer."""

from farthing.sdk.amounts import Amounts

HINT, COMPRESS, LAND = 0.5, 0.7, 0.9
"""Shares of what there was at the beginning."""
DEAREST = 3
"""What is kept for the last call, in dearest turns: the turn before it and the call itself, each with room to grow."""
_NO_LIMIT = float("inf")
_LAST = "This is your last answer: no tool can be called any more. Answer as well as you can with what you have."


class Pace:
    """What is left of dollars, tokens and calls, looked at before each turn. Shares and ratios only: never bills."""

    def __init__(self, had: Amounts) -> None:
        self._had = self._left = had
        self._dearest = [0.0] * len(had)
        self.used = 0.0
        """The largest share of any limit that is gone."""

    def look(self, left: Amounts) -> None:
        """So much is left now."""
        took = (
            was - now if now != _NO_LIMIT else 0.0 for was, now in zip(_floats(self._left), _floats(left), strict=True)
        )
        self._dearest = [max(most, each) for most, each in zip(self._dearest, took, strict=True)]
        self._left = left
        pairs = zip(_floats(self._had), _floats(left), strict=True)
        self.used = max((1 - now / was if was > 0 else 1.0 for was, now in pairs if was != _NO_LIMIT), default=0.0)

    @property
    def short(self) -> bool:
        """Whether only a last answer should be paid for now."""
        pairs = zip(_floats(self._left), self._dearest, strict=True)
        return self.used >= LAND or any(left < DEAREST * most for left, most in pairs)

    def note(self, *, last: bool) -> str:
        """What the model is told; "" while there is enough."""
        if last:
            return _LAST
        told = f"Budget note: {self._left} left, {1 - self.used:.0%} of it. Take the shortest way to a good answer."
        return told if self.used >= HINT else ""


def _floats(amounts: Amounts) -> list[float]:
    return [_NO_LIMIT if each is None else float(each) for each in amounts]
