"""Levers: what changes a plan when a threshold asks for it. Other parts plug theirs in, a stage for each act.

Without one, `shorten`, `hint` and `downgrade` do what they say, and `compress` is noted as not configured.
"""

from collections.abc import Mapping

from farthing.call.stages import Stage
from farthing.domain.budget import Act

Levers = Mapping[Act, Stage]
NO_LEVERS: Levers = {}
PULLED = frozenset({Act.COMPRESS, Act.SHORTEN, Act.DOWNGRADE, Act.HINT})
"""Acts that change a plan. The others end a run or stop a call, and no lever stands for them."""


def levers(**stages: Stage) -> Levers:
    """`levers(compress=stage)`. Raises ValueError for an act that is not one of `PULLED`."""
    found = {Act(name): stage for name, stage in stages.items()}
    wrong = found.keys() - PULLED
    if wrong:
        raise ValueError(f"no lever stands for {', '.join(sorted(wrong))}")
    return found
