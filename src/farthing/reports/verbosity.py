"""What an answer of a step usually is: the reference that verbose output is measured against.

`References.take(labels, model, output_tokens)` learns from every answer, `usual(opening)` says the most that is usual.
"""

from collections import Counter

from farthing.domain.ranks import counted_rank
from farthing.domain.record import CallOpening, Labels

LEAST_ANSWERS = 20
"""Fewer answers of a step say nothing about what is usual."""
TIMES_MEDIAN = 2
STEP = ("workflow", "agent", "step")
"""Labels that calls of one kind share, beside the model they asked for."""

Kind = tuple[str, ...]


class References:
    """Answers by kind of step. A median moves little when a few answers run wild, which is why it is the measure."""

    def __init__(self) -> None:
        self._answers: dict[Kind, Counter[int]] = {}
        self._usual: dict[Kind, int | None] = {}

    def take(self, labels: Labels, model: str, output_tokens: int) -> None:
        """One more answer."""
        kind = kind_of(labels, model)
        self._answers.setdefault(kind, Counter())[output_tokens] += 1
        self._usual.pop(kind, None)

    def usual(self, opening: CallOpening) -> int | None:
        """Twice the median of answers of this kind, in output tokens; None where there are too few of them."""
        kind = kind_of(opening.labels, opening.model)
        if kind not in self._usual:
            answers = self._answers.get(kind, Counter())
            enough = answers.total() >= LEAST_ANSWERS
            self._usual[kind] = TIMES_MEDIAN * counted_rank(answers, 50) if enough else None
        return self._usual[kind]


def kind_of(labels: Labels, model: str) -> Kind:
    """What makes two calls comparable."""
    known = dict(labels)
    return (*(known.get(name, "") for name in STEP), model)
