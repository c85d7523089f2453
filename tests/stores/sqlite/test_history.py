"""What only history on a file can be asked: the same answer from calls and from sums, now and after it was opened again."""

import pytest

from farthing.domain.ids import EPOCH_MS
from farthing.domain.usage import Usage
from farthing.stores.sqlite.history import SqliteHistory
from support.pasts import CARD_OF, DAY_MS, EVER, Pair


@pytest.fixture
def past():
    pair = Pair(EPOCH_MS + 40 * DAY_MS)
    attempt = pair.attempt(pair.open_call(labels={"team": "search"}.items()))
    pair.settle(pair.settlement(attempt, Usage(input_tokens=100, output_tokens=5)), "paid")
    pair.pass_time(2 * DAY_MS)
    pair.durable()
    yield pair
    pair.close()


@pytest.fixture
def unpriced(past):
    history = SqliteHistory(past.path, now_ms=past.clock)
    yield history
    history.close()


def test_nothing_is_summed_up_before_a_price_book_is_given(unpriced):
    assert unpriced.sum_up() is False
    unpriced.price_with(CARD_OF)
    assert unpriced.sum_up() is True


def test_sums_say_what_the_calls_said_to_whoever_opens_the_file_next(past, unpriced):
    from_calls = past.fast.usage(by=("team",), **EVER)
    while past.fast.sum_up():
        continue
    assert from_calls == unpriced.usage(by=("team",), **EVER) == past.slow.usage(by=("team",), **EVER)
    (row,) = from_calls
    assert row.calls == 1
