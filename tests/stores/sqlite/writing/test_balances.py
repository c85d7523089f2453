"""What an attempt counts for, by its state, and what contradicts itself."""

import pytest

from farthing.stores.sqlite.writing.balances import shares
from farthing.stores.sqlite.writing.rows import HELD, SETTLED, UNKNOWN, VOID

CHARGES = "[[1, 100, 1, 1000, null], [2, 7, 1, 1, null]]"


@pytest.mark.parametrize(
    ("state", "posted", "found"),
    [
        (HELD, None, [(1, "held", 100), (2, "held", 7)]),
        (UNKNOWN, None, [(1, "unknown", 100), (2, "unknown", 7)]),
        (SETTLED, "[40, 3]", [(1, "posted", 40), (2, "posted", 3)]),
        (VOID, "[0, 0]", []),
    ],
)
def test_an_open_attempt_counts_what_it_holds_and_an_ended_one_what_it_posted(state, posted, found):
    assert shares(state, CHARGES, posted) == found


@pytest.mark.parametrize(
    ("state", "charges", "posted"),
    [
        (SETTLED, CHARGES, None),
        (SETTLED, CHARGES, "[40]"),
        (HELD, CHARGES, "[0, 0]"),
        (VOID, CHARGES, "[5, 0]"),
        (9, CHARGES, "[5, 0]"),
        (SETTLED, "[[1", "[5]"),
        (SETTLED, CHARGES, "nothing"),
    ],
)
def test_what_contradicts_itself_counts_for_nothing(state, charges, posted):
    assert shares(state, charges, posted) is None
