"""What an alert says: a title for a phone's screen, and the numbers with what to do about them."""

from collections.abc import Sequence
from typing import NamedTuple

from farthing.alerts.rule import Metric, Rule
from farthing.alerts.words import amount
from farthing.ports.alerts import Reading

MOST_NAMED = 10
"""Subjects of one alert whose numbers are written out."""

_ADVICE = {
    Metric.BUDGET: "`farthing usage` shows who spends it; `farthing budgets raise` adds to this window.",
    Metric.BURN_RATE: "A pace is told from a tenth of the window on, or an hour in which a tenth of the limit was spent.",
    Metric.DAY_VS_WEEK: "`farthing usage --since 1d` shows what is new. At least 3 days with spend make the average.",
    Metric.LABEL_SPEND: "`farthing calls ls` shows the calls; a budget for each would stop them.",
    Metric.CONTEXT_GROWTH: "Every turn pays for the whole context again; the run may need a fresh start.",
    Metric.CACHE_HIT_RATE: "Something early in the prompts may have begun to change from call to call.",
    Metric.COST_PER_SUCCESS: "Runs cost more, or fewer of them succeed.",
    Metric.COST_VS_QUALITY: "Runs cost more without succeeding more often, or succeed less often at the same cost.",
}
_EVENT_ADVICE = {
    "overrun": "What it cost is counted in full; `farthing receipt` shows the call.",
    "provider_overran": "Hard budgets refuse it until somebody runs `farthing budgets acknowledge`.",
    "unknown": "What they held counts as spent until it is known or a policy charges it.",
    "approval": "`farthing approvals ls` shows what waits.",
}


class Message(NamedTuple):
    """A title of one line and a text of a few."""

    title: str
    text: str


def message(rule: Rule, readings: Sequence[Reading]) -> Message:
    """What is said of readings that crossed the rule's threshold together. There is at least one."""
    first = readings[0]
    others = f" and {len(readings) - 1} more" if len(readings) > 1 else ""
    about = f": {first.subject}{others}" if first.subject else ""
    lines = [_sentence(reading.detail) for reading in readings[:MOST_NAMED]]
    if len(readings) > MOST_NAMED:
        lines.append(f"And {len(readings) - MOST_NAMED} more.")
    lines.append(f"The rule is `{rule.text}`. It is told again once it has been {_calm(rule)}.")
    advice = _EVENT_ADVICE.get(rule.event, "") if rule.event else _ADVICE[rule.metric]
    return Message(_one_line(f"Farthing: {rule.text}{about}"), "\n".join(filter(None, (*lines, advice))))


def _calm(rule: Rule) -> str:
    """When the subject is ready to fire again, in words."""
    if rule.event:
        return "quiet for an hour" if rule.event not in ("provider_overran", "unknown") else "cleared"
    if rule.above:
        calm = f"below {amount(rule, rule.threshold * 9 // 10)}"
    else:
        calm = f"above {amount(rule, -(-rule.threshold * 10 // 9))}"
    turns = {
        Metric.BUDGET: "its window turns",
        Metric.BURN_RATE: "its window turns",
        Metric.DAY_VS_WEEK: "the next day begins",
    }
    turn = turns.get(rule.metric)
    return f"{calm}, or {turn}" if turn else calm


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _one_line(text: str, longest: int = 160) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
