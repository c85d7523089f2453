"""Matching labels: literal values, trailing stars, and labels that are not there."""

from farthing.domain.labels import fits, matches


def test_everything_but_a_trailing_star_is_literal():
    assert fits("ann", "ann")
    assert not fits("ann", "anna")
    assert fits("a*b", "a*b")
    assert not fits("a*b", "axb")


def test_a_trailing_star_fits_any_ending_even_none():
    assert fits("ann*", "ann")
    assert fits("ann*", "anna")
    assert not fits("ann*", "an")
    assert fits("*", "")


def test_every_label_named_must_be_there_and_fit():
    match = (("team", "a"), ("user", "*"))
    assert matches(match, {"team": "a", "user": "ann", "run": "r"})
    assert not matches(match, {"team": "a"})
    assert not matches(match, {"team": "b", "user": "ann"})


def test_no_labels_named_is_every_call():
    assert matches((), {})
