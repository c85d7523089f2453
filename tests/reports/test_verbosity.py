"""What is usual of a step: twice the median of many answers."""

from farthing.domain.record import CallOpening
from farthing.reports.verbosity import LEAST_ANSWERS, References

LABELS = (("step", "classify"), ("user", "bob"), ("workflow", "triage"))


def opening(labels=LABELS, model="gpt-4o"):
    return CallOpening(id=1, arrived_ms=0, labels=labels, model=model)


def learned(*answers):
    found = References()
    for tokens in answers:
        found.take(LABELS, "gpt-4o", tokens)
    return found


def test_twice_the_median_is_usual():
    assert learned(*[10] * 19, 5_000).usual(opening()) == 20


def test_few_answers_say_nothing():
    assert learned(*[10] * (LEAST_ANSWERS - 1)).usual(opening()) is None


def test_another_step_or_another_model_is_no_measure():
    found = learned(*[10] * 30)
    assert found.usual(opening((("step", "draft"), ("workflow", "triage")))) is None
    assert found.usual(opening(model="o3")) is None
    assert found.usual(opening((("step", "classify"), ("workflow", "triage")))) == 20


def test_what_is_learned_later_counts():
    found = learned(*[10] * 30)
    assert found.usual(opening()) == 20
    for _ in range(40):
        found.take(LABELS, "gpt-4o", 50)
    assert found.usual(opening()) == 100
