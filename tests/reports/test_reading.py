"""Calls of a stretch of time, in bounded pages and in the order of their arrival."""

import pytest

from farthing.domain.usage import Usage
from farthing.reports import reading
from farthing.reports.reading import calls, look
from farthing.stores.memory.records import Records
from support.priced_past import NOW_MS, call, prompt


@pytest.fixture
def records(monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 7)
    kept = Records()
    for number in range(30):
        team = "ab"[number % 2]
        kept.put(call(number, prompt(), Usage(input_tokens=number), at_ms=NOW_MS + number * 1_000, team=team))
    return kept


def numbers(span):
    return [(number >> 4) & 0xFF for number in span.ids]


def found(records, since, until, **more):
    seen = []
    span = look(
        records,
        span_ms=(NOW_MS + since * 1_000, NOW_MS + until * 1_000),
        visit=lambda summary: seen.append(summary.id),
        **{"most": 100, **more},
    )
    assert tuple(reversed(seen)) == span.ids
    return span


def test_the_calls_of_a_time_come_in_the_order_of_arrival(records):
    span = found(records, 3, 20)
    assert numbers(span) == list(range(3, 20))
    assert (span.since_ms, span.complete) == (NOW_MS + 3_000, True)


def test_where_there_are_too_many_the_newest_are_taken_and_it_says_since_when(records):
    span = found(records, 0, 100, most=4)
    assert numbers(span) == [26, 27, 28, 29]
    assert (span.since_ms, span.complete) == (NOW_MS + 26_000, False)


def test_just_as_many_as_wanted_are_all(records):
    assert found(records, 26, 100, most=4).complete


def test_only_calls_with_the_labels_are_found(records):
    assert numbers(found(records, 0, 6, where=(("team", "b"),))) == [1, 3, 5]


def test_whole_calls_are_read_and_progress_is_told(records):
    told = []
    span = found(records, 0, 10, progress=lambda *step: told.append(step))
    read = list(calls(records, span.ids, lambda *step: told.append(step)))
    assert [record.opening.id for record in read] == list(span.ids)
    assert (10, None) in told
    assert told[-1] == (10, 10)


def test_a_call_that_was_taken_away_meanwhile_is_left_out(records):
    assert list(calls(records, [5])) == []
