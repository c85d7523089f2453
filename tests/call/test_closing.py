"""The last line of a call's record."""

from farthing.call.closing import closing
from support.desk import NOW_MS, ValueDesk, chat
from support.funded import planned


def test_it_says_how_the_call_ended_and_when():
    arrival = planned(ValueDesk(), chat()).arrival
    end = closing(arrival, NOW_MS + 40, "paid", 200, first_byte_ms=7, code="c", detail="d")
    assert (end.id, end.outcome, end.status, end.finished_ms) == (arrival.id, "paid", 200, NOW_MS + 40)
    assert (end.first_byte_ms, end.code, end.detail) == (7, "c", "d")


def test_a_detail_is_a_line_and_not_a_page():
    arrival = planned(ValueDesk(), chat()).arrival
    assert len(closing(arrival, NOW_MS, "failed", 502, detail="x" * 10_000).detail) == 300
