"""One rule against the facts of one moment."""

from collections.abc import Sequence
from typing import assert_never

from farthing.alerts import budgets, runs, spend
from farthing.alerts.budgets import Limited
from farthing.alerts.facts import Known
from farthing.alerts.rule import Metric, Rule
from farthing.alerts.spend import Found


def evaluate(rule: Rule, limits: Sequence[Limited], known: Known) -> Found:
    """A reading for each subject that is anywhere near the threshold: who is not among them is far on the good side.

    Text instead says why nothing can be said yet; then nothing fires and nothing is made ready.
    """
    match rule.metric:
        case Metric.BUDGET:
            return budgets.complaint(rule, limits) or budgets.spent_shares(rule, limits, known)
        case Metric.BURN_RATE:
            return budgets.complaint(rule, limits) or budgets.forecasts(rule, limits, known)
        case Metric.DAY_VS_WEEK:
            return spend.day_against_week(rule, known)
        case Metric.LABEL_SPEND:
            return spend.label_spend(rule, known)
        case Metric.CACHE_HIT_RATE:
            return spend.cache_hit_rate(rule, known)
        case Metric.COST_PER_SUCCESS:
            return spend.cost_per_success(rule, known)
        case Metric.COST_VS_QUALITY:
            return spend.cost_against_quality(rule, known)
        case Metric.CONTEXT_GROWTH:
            return runs.context_growth(rule, known)
        case Metric.EVENT:
            return runs.happenings(rule, known)
        case _ as other:
            assert_never(other)
