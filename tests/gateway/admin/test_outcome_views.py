"""Outcomes as they are shown."""

from farthing.gateway.admin.outcome_views import cost_view, outcome_view, success_line, success_view
from farthing.ports.history import OutcomeRow
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.reports.success import cost_per_success


def success(judged, succeeded, nanos):
    return cost_per_success(
        OutcomeRow(
            group=("w",),
            runs=judged,
            judged=judged,
            succeeded=succeeded,
            cost_nanos=nanos,
            judged_nanos=nanos,
            succeeded_nanos=0,
            judged_square_usd=0.0,
            scored=0,
            score_sum=0.0,
        )
    )


def test_what_nobody_judged_is_null():
    view = success_view(success(0, 0, 0))
    assert (view.usd_per_success, view.success_rate, view.low_usd, view.mean_score) == (None, None, None, None)


def test_amounts_are_decimal_strings():
    line = success_line(("workflow",), success(3, 1, 10))
    assert (line.group, line.usd_per_success, line.failed_usd) == ({"workflow": "w"}, "0.00000001", "0.00000001")


def test_an_outcome_and_a_cost_keep_who_said_so():
    outcome = outcome_view(Outcome(run="r", at_ms=1_500, success=True, score=0.5, by="key bot", note="done"))
    assert (outcome.at.isoformat(), outcome.by, outcome.score) == ("1970-01-01T00:00:01.500000+00:00", "key bot", 0.5)
    cost = cost_view(OtherCost(run="r", at_ms=0, kind="tool", nanos=5, by="key bot", once="x"))
    assert (cost.cost_usd, cost.kind, cost.once) == ("0.000000005", "tool", "x")
