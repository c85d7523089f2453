"""Recorded calls as values."""

from support.past_calls import BEGIN_MS, a_call


def test_labels_are_found_by_name():
    call = a_call(run="r1")
    assert (call.run, call.label("workflow"), call.label("team")) == ("r1", "test", "")


def test_time_is_measured_from_arrival():
    assert a_call().took_ms == 1_000
    assert a_call(finished_ms=None).took_ms is None
    assert a_call(finished_ms=BEGIN_MS - 5).took_ms == 0, "clocks that went back make no negative times"


def test_only_what_was_used_is_billed():
    assert a_call().billed
    assert not a_call(usage=None).billed
