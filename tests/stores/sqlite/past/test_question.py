"""Which questions are about how much time, and by which names."""

from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite.past.known import Found
from farthing.stores.sqlite.past.question import Question
from farthing.stores.sqlite.sums.tally import What

DAY_MS = 86_400_000
WHAT = What("openai", "gpt-4o", "standard", "/v1", "paid", "")


def nowhere(_):
    return 0, 0


def test_conditions_on_time_make_a_question_shorter():
    asked = Question((), 0, 2**53, (("month", "2026-01"), ("day", "2026-01-02"))).narrowed(nowhere)
    assert (asked.since_ms, asked.until_ms) == (EPOCH_MS + DAY_MS, EPOCH_MS + 2 * DAY_MS)


def test_a_question_about_one_run_is_about_its_time():
    asked = Question((), 5, 100, (("run", "r1"),)).narrowed(lambda name: (10, 20))
    assert (asked.since_ms, asked.until_ms) == (10, 20)
    without = Question((), 5, 100, (("run", ""),)).narrowed(nowhere)
    assert (without.since_ms, without.until_ms) == (5, 100)


def test_labels_are_the_names_that_are_neither_times_nor_what_was_called():
    assert Question(("team", "day", "model"), 0, 1, (("user", "u"), ("key", "bot"))).labels == {"team", "user", "key"}


def test_only_runs_and_steps_are_looked_for_call_by_call():
    assert Question(("step",), 0, 1, ()).of_single
    assert Question((), 0, 1, (("run", "r"),)).of_single
    assert not Question(("team",), 0, 1, (("user", "u"),)).of_single


def test_a_row_belongs_to_the_answer_where_it_fits_every_condition_and_is_of_a_group_that_is_looked_at():
    row = Found(EPOCH_MS, "", {"team": "a"}, WHAT)
    assert Question(("team",), 0, 1, (("model", "gpt-4o"),)).wants(row)
    assert not Question(("team",), 0, 1, (("model", "other"),)).wants(row)
    assert Question(("team",), 0, 1, (), frozenset({("a",)})).wants(row)
    assert not Question(("team",), 0, 1, (), frozenset({("b",)})).wants(row)
