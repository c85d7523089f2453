"""The backlog: order is kept, records are bounded, money is never given up."""

from farthing.stores.sqlite.writing import backlog
from farthing.stores.sqlite.writing.backlog import Backlog
from farthing.stores.sqlite.writing.requests import Refusal
from support.money import call, closing, settlement


def test_what_is_kept_is_taken_in_order_and_once():
    kept = Backlog()
    notices = [settlement(1, 1), closing(1), settlement(2, 1)]
    kept.keep(notices[:2])
    kept.keep(notices[2:])
    assert len(kept) == 3
    assert kept.take() == notices
    assert kept.take() == []


def test_r32_records_are_bounded_and_money_is_not_given_up(monkeypatch):
    monkeypatch.setattr(backlog, "MOST_RECORDS", 2)
    kept = Backlog()
    kept.keep([settlement(1, 1), *(Refusal(call(number), closing(number)) for number in range(5)), closing(9)])
    assert kept.given_up == 4
    assert kept.take() == [settlement(1, 1), Refusal(call(4), closing(4)), closing(9)]
