"""A visit begins with nothing held, so that ending it again and again is nothing."""

from farthing.call.visit import Visit
from farthing.guard.rates import UNLIMITED


def test_a_new_visit_holds_nothing():
    visit = Visit(trusted=(), run="", workflow="", session=None, probe=False)
    assert visit.ticket is UNLIMITED
    assert (visit.begun, visit.answered, visit.over, visit.digest) == (False, False, False, b"")
