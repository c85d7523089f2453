"""Choosing faults."""

import pytest

from farthing.testing.faults import KINDS, Fault, FaultPlan, parse_fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no_usage", Fault(kind="no_usage")),
        ("429", Fault(kind="error", status=429)),
        ("529:retry_after=2", Fault(kind="error", status=529, retry_after="2")),
        ("error:status=500,billed=true", Fault(kind="error", status=500, billed=True)),
        (" reset_after_events: events=5 ", Fault(kind="reset_after_events", events=5)),
        ("latency:seconds=0.25", Fault(kind="latency", seconds=0.25)),
        ("overrun:times=8", Fault(kind="overrun", times=8)),
    ],
)
def test_faults_are_written_as_people_would(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize("text", ["", "no_such", "999", "429:after=2", "429:retry_after", "latency:seconds=soon"])
def test_what_is_no_fault_is_refused_with_a_reason(text):
    with pytest.raises(ValueError, match="fault"):
        parse_fault(text)


@pytest.mark.parametrize("kind", KINDS)
def test_refusals_are_free_and_everything_else_is_charged(kind):
    assert Fault(kind=kind).charges is (kind not in ("error", "error_body"))
    assert Fault(kind=kind, billed=False).charges is False


def test_the_request_itself_comes_first_then_the_queue_then_chance():
    plan = FaultPlan(["no_usage", None, Fault(kind="silence")], chances={"429": 1.0})
    kinds = [plan.next("truncate"), plan.next(), plan.next(), plan.next(), plan.next()]
    assert [fault.kind if fault else None for fault in kinds] == ["truncate", "no_usage", None, "silence", "error"]


def test_the_same_seed_gives_the_same_faults():
    def drawn(seed):
        plan = FaultPlan(chances={"429": 0.2, "no_usage": 0.3}, seed=seed)
        return [fault.kind if (fault := plan.next()) else "" for _ in range(2_000)]

    assert drawn(1) == drawn(1) != drawn(2)
    counts = {kind: drawn(1).count(kind) for kind in ("error", "no_usage", "")}
    assert 340 < counts["error"] < 460
    assert 530 < counts["no_usage"] < 670
    assert 930 < counts[""] < 1_070


@pytest.mark.parametrize("chances", [{"429": 0.7, "500": 0.7}, {"429": -0.1}])
def test_impossible_probabilities_are_refused(chances):
    with pytest.raises(ValueError, match="probabilities"):
        FaultPlan(chances=chances)


def test_a_cleared_plan_has_no_faults():
    plan = FaultPlan(["429"], chances={"500": 1.0})
    plan.clear()
    assert plan.next() is None
