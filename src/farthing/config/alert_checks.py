"""What a rule of `[[alerts]]` cannot know of itself: whether what it watches is there, and can ever say anything."""

from collections.abc import Iterator

from farthing.alerts.budgets import complaint
from farthing.alerts.rule import Metric
from farthing.config.convert import budgets_of
from farthing.config.problems import Problem
from farthing.config.reader import nearest
from farthing.config.settings import Alert, File
from farthing.notify.in_force import limited

_OF_BUDGETS = (Metric.BUDGET, Metric.BURN_RATE)


def alert_problems(settings: File) -> Iterator[Problem]:
    """Rules of a budget of the file that can never fire."""
    for index, alert in enumerate(settings.alerts):
        if _is_named_here(alert, settings) and (why := _complaint(alert, settings)):
            yield Problem(("alerts", index, "when"), f"can never fire: {why}")


def alert_warnings(settings: File) -> Iterator[Problem]:
    """Rules that only budgets of the store could give something to say, and addresses that anybody can read."""
    for index, alert in enumerate(settings.alerts):
        why = "" if _is_named_here(alert, settings) else _complaint(alert, settings)
        if why:
            names = [budget.name for budget in settings.budgets]
            close = nearest(alert.when.budget, names) if alert.when.budget else ""
            message = f"stays silent: {why} in this file{close or '; a budget of the store may'}"
            yield Problem(("alerts", index, "when"), message)
        if any(target.kind == "apprise" and target.origin == "the file itself" for target in alert.to):
            message = 'an address with its secret is written out in the file; "env:NAME" or "file:PATH" keeps it out of copies'
            yield Problem(("alerts", index, "to"), message)


def _is_named_here(alert: Alert, settings: File) -> bool:
    return any(budget.name == alert.when.budget for budget in settings.budgets)


def _complaint(alert: Alert, settings: File) -> str:
    if alert.when.metric not in _OF_BUDGETS:
        return ""
    return complaint(alert.when, limited(budgets_of(settings), (), now_ms=0))
