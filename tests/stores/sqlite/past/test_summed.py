"""From which sums a question is answered."""

import pytest

from farthing.domain.usage import Usage
from farthing.stores.sqlite.connect import open_reader
from farthing.stores.sqlite.past.question import Question
from farthing.stores.sqlite.past.summed import Summed
from farthing.stores.sqlite.sums.spans import DAY_MS, Stretch
from support.pasts import EVER, Pair


@pytest.fixture
def past():
    pair = Pair()
    for team, model in (("a", "gpt-4o"), ("a", "gpt-4o-mini"), ("b", "gpt-4o"), ("", "gpt-4o-mini")):
        attempt = pair.attempt(pair.open_call(labels=(("team", team),) if team else ()), model=model)
        pair.settle(pair.settlement(attempt, Usage(input_tokens=1_000)), "paid")
    pair.pass_time(2 * DAY_MS)
    pair.durable()
    while pair.fast.sum_up():
        continue
    yield pair
    pair.close()


@pytest.fixture
def connection(past):
    connection = open_reader(past.path)
    yield connection
    connection.close()


def asked(past, connection, by, where=(), **more):
    end_ms = past.clock.now_ms // DAY_MS * DAY_MS
    question = Question(by, 0, end_ms, where, **more)
    return question, Summed(connection, question, [Stretch(DAY_MS, 0, end_ms)], with_rates=False)


def test_one_narrow_label_is_answered_without_looking_at_any_other(past, connection):
    question, summed = asked(past, connection, ("team",))
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("DELETE FROM cell WHERE family IN (1, 2)")
    assert {question.group(row): row.sums[0] for row in summed.found()} == {("a",): 2, ("b",): 1, ("",): 1}


def test_what_has_no_such_label_is_what_the_values_leave_of_everything(past, connection):
    question, summed = asked(past, connection, ("team", "model"), (("team", ""),))
    left = {question.group(row): row.sums for row in summed.found()}
    assert left["", "gpt-4o-mini"][0] == 1
    assert not any(left["", "gpt-4o"])  # nothing is left of it: no row is made of this


def test_rows_are_as_few_as_the_question_allows(past, connection):
    assert len(asked(past, connection, ("team",), (("team", "a"),))[1].found()) == 1
    assert len(asked(past, connection, ("model",))[1].found()) == 2
    assert len(asked(past, connection, ())[1].found()) == 1


def test_sums_of_several_stretches_are_one_row(past, connection):
    middle = past.clock.now_ms // DAY_MS * DAY_MS - 2 * DAY_MS
    _, summed = asked(past, connection, ())
    apart = summed._replace(stretches=[Stretch(DAY_MS, 0, middle), Stretch(DAY_MS, middle, middle + 2 * DAY_MS)])
    assert [row.sums for row in apart.found()] == [row.sums for row in summed.found()]
    assert past.fast.usage(by=(), **EVER) == past.slow.usage(by=(), **EVER)


def test_the_dearest_groups_of_few_are_all_of_them(past, connection):
    assert asked(past, connection, ("team",))[1].dearest(1) == {("a",), ("b",), ("",)}
