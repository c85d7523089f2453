"""Retention: floors that hold and cautions that are said."""

from farthing.audit.retention import CLASSES, DAY_MS, SIX_MONTHS_MS, caution, flaw
from farthing.ports.audit import Ages


def test_the_defaults_are_above_every_floor_and_six_months():
    ages = Ages()
    for name in CLASSES:
        assert flaw(name, getattr(ages, name)) == caution(name, getattr(ages, name)) == ""


def test_below_a_floor_nothing_is_accepted():
    assert "at least 35d" in flaw("calls", 34 * DAY_MS)
    assert flaw("calls", 35 * DAY_MS) == ""
    assert flaw("calls", None) == ""


def test_below_six_months_it_is_said():
    assert "six months" in caution("audit", SIX_MONTHS_MS - 1)
    assert caution("skeletons", DAY_MS) == ""
