"""What plugs in where."""

import pytest

from farthing.call.levers import NO_LEVERS, levers
from farthing.domain.budget import Act


def stage(plan):
    yield from ()
    return plan


def test_a_stage_stands_for_an_act():
    assert levers(compress=stage) == {Act.COMPRESS: stage}
    assert dict(NO_LEVERS) == {}


@pytest.mark.parametrize("act", ["land", "block", "approve", "alert"])
def test_nothing_stands_for_what_ends_or_stops_a_call(act):
    with pytest.raises(ValueError, match=act):
        levers(**{act: stage})
