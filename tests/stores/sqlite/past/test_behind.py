"""How far the past is summed, and when there is too much to be read from calls."""

import pytest

from farthing.domain.errors import PastUnsummed
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.past.behind import DUE_MS, due
from support.pasts import CARD_OF
from support.unsummed import BEGIN_MS, DAY_MS, HOUR_MS, write_past

DAYS, A_DAY = 5, 48


@pytest.fixture
def end_ms(tmp_path):
    return write_past(tmp_path / "f.db", DAYS, A_DAY)


@pytest.fixture
def history(tmp_path, end_ms):
    history = SqliteHistory(tmp_path / "f.db", now_ms=lambda: end_ms + DUE_MS, most_unsummed=60)
    history.price_with(CARD_OF)
    yield history
    history.close()


def sum_back_to(history, since_ms):
    while history.summing().since_ms > since_ms:
        assert history.sum_up()


def ever(end_ms):
    return {"since_ms": BEGIN_MS, "until_ms": end_ms}


def test_it_says_how_far_it_is_the_newest_first(history, end_ms, monkeypatch):
    monkeypatch.setattr("farthing.stores.sqlite.sums.rollup.SPANS", 12)
    told = history.summing()
    assert (told.hours, told.summed_hours, told.days, told.summed_days) == (24 * DAYS, 0, DAYS, 0)
    assert str(told) == "summing up the past: 0 % (0 of 5 days)"
    sum_back_to(history, end_ms - 2 * DAY_MS)
    told = history.summing()
    assert 2 * 24 <= told.summed_hours < 3 * 24
    assert (told.summed_days, told.percent) == (2, told.summed_hours * 100 // 120)
    assert history.summing(since_ms=end_ms - DAY_MS).done
    while history.sum_up():
        continue
    assert history.summing().done
    assert str(history.summing()) == "the past is summed up"


def test_a_question_that_reaches_too_far_back_says_how_far_answers_reach(history, end_ms):
    with pytest.raises(PastUnsummed, match=r"0 % \(0 of 5 days\); answers reach back to") as refused:
        history.usage(by=("team",), **ever(end_ms))
    assert "ask about less time" in str(refused.value)
    for ask in (history.meters, history.outcomes):
        with pytest.raises(PastUnsummed):
            ask(by=(), **ever(end_ms))
    with pytest.raises(PastUnsummed):
        history.runs(**ever(end_ms))
    with pytest.raises(PastUnsummed):
        history.usage(by=("team",), limit=3, **ever(end_ms))


def test_what_few_calls_answer_is_answered_at_once(history, end_ms):
    (row,) = history.usage(by=(), since_ms=end_ms - DAY_MS, until_ms=end_ms)
    assert row.calls == A_DAY


def test_one_run_is_told_whatever_is_summed(history, end_ms):
    known = history.run("r1")
    assert (known.calls, known.first_ms) == (3, BEGIN_MS + 3 * DAY_MS // A_DAY)
    rows = history.usage(by=("step",), where=(("run", "r1"),), **ever(end_ms))
    assert [row.calls for row in rows] == [3]


def test_once_it_is_summed_everything_is_answered(history, end_ms):
    while history.sum_up():
        continue
    (row,) = history.usage(by=(), **ever(end_ms))
    assert row.calls == DAYS * A_DAY
    assert len(history.runs(limit=500, **ever(end_ms))) == DAYS * A_DAY // 3


def test_what_is_left_is_counted_no_further_than_asked(history, end_ms):
    times = {"since_ms": 0, "until_ms": end_ms}
    assert history.unsummed(most=7, **times) == 7
    assert history.unsummed(most=10**6, **times) == DAYS * A_DAY
    sum_back_to(history, end_ms - DAY_MS)
    assert history.unsummed(since_ms=end_ms - DAY_MS, until_ms=end_ms, most=10**6) == 0


def test_what_came_just_now_is_nobody_s_fault():
    now_ms = BEGIN_MS + DUE_MS
    assert due([(BEGIN_MS - 5, BEGIN_MS + 5), (BEGIN_MS + 9, now_ms)], now_ms) == [(BEGIN_MS - 5, BEGIN_MS)]


def test_where_nothing_happened_nothing_is_left(tmp_path):
    write_past(tmp_path / "empty.db", 0)
    history = SqliteHistory(tmp_path / "empty.db", now_ms=lambda: BEGIN_MS + 9 * HOUR_MS)
    assert history.summing().done
    assert history.summing().percent == 100
    history.close()
