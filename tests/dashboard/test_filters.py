"""Filters stand in the address."""

from farthing.dashboard.filters import names_of, where_of, with_filter, without_filter
from farthing.dashboard.forms import Query, query_of
from farthing.ports.history import NAMES

TWO = Query((("by", "model"), ("where", "team:a:b"), ("where", "user:<i>"), ("page", "3")))


def test_filters_are_labels_and_their_values_may_hold_anything():
    assert where_of(TWO) == (("team", "a:b"), ("user", "<i>"))


def test_what_is_no_filter_is_left_out():
    assert where_of(Query((("where", "no colon"), ("where", "Bad Name:x"), ("where", ":x")))) == ()


def test_a_new_filter_on_a_name_replaces_the_old_one():
    made = query_of(with_filter(TWO, "team", "c&d").encode())
    assert where_of(made) == (("team", "c&d"), ("user", "<i>"))
    assert made.first("page") == ""


def test_a_filter_can_be_taken_away():
    assert where_of(query_of(without_filter(TWO, "team").encode())) == (("user", "<i>"),)


def test_what_can_be_grouped_by_are_the_usual_labels_and_what_every_call_has():
    names = names_of(())
    assert names[:2] == ("team", "user")
    assert names[-len(NAMES) :] == NAMES
