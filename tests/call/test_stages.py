"""Stages: generators that ask and are answered."""

from farthing.call.stages import ContextOf, ask, run


def lowest():
    """Asks twice and returns the smaller answer."""
    one = yield from ask(ContextOf("a", "x"))
    other = yield from ask(ContextOf("a", "y"))
    return min(one, other)


def test_a_stage_gets_its_answers_in_the_order_of_its_questions():
    heard = []

    def answer(need):
        heard.append(need.response_id)
        return {"x": 5, "y": 3}[need.response_id]

    assert run(lowest(), answer) == 3
    assert heard == ["x", "y"]


def test_a_stage_that_asks_nothing_is_over_at_once():
    def silent():
        return 7
        yield

    assert run(silent(), lambda _: 1 / 0) == 7


def test_nobody_knows_is_an_answer():
    def careful():
        return (yield from ask(ContextOf("a", "x"))) is None

    assert run(careful(), lambda _: None)
