"""What calls came to, by label or together: a day against its week, an hour's spend, cache hits, the cost of success."""

from collections.abc import Callable

from farthing.alerts.crossing import judged, no_data
from farthing.alerts.facts import Known
from farthing.alerts.rule import PPM, Rule
from farthing.alerts.words import day, percent
from farthing.domain.budget import NOBODY
from farthing.domain.money import usd
from farthing.ports.alerts import Reading, Sums

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DAYS = 7
LEAST_DAYS = 3
"""Days with spend among the seven before, without which there is no average to compare with."""
LEAST_CALLS = 20
"""Calls within the hour, below which a cache hit rate is chance."""
LEAST_SUCCESSES = 10
"""On either side of a comparison of cost and quality."""

Found = tuple[Reading, ...] | str
"""Readings; or in words why there are none to be had yet, and then nothing changes."""

CATCHING_UP = "the past is still being summed up"
NO_OUTCOMES = "nobody reports which runs succeeded"


def day_against_week(rule: Rule, known: Known) -> Found:
    """Today's spend so far (UTC) as a share of the average day: of the seven days before, those with any spend."""
    today = known.now_ms // DAY_MS * DAY_MS
    days = [known.sums(rule.by, today - back * DAY_MS, today - (back - 1) * DAY_MS) for back in range(1, DAYS + 1)]
    now = known.sums(rule.by, today, known.now_ms)
    if now is None or None in days:
        return CATCHING_UP
    before: dict[str, list[int]] = {}
    for sums in days:
        for group in sums or ():
            if group.cost_nanos:
                before.setdefault(group.value, []).append(group.cost_nanos)
    return tuple(_day(rule, group, before.get(group.value, []), day(today)) for group in now)


def label_spend(rule: Rule, known: Known) -> Found:
    """What each value of the label spent in the last 60 minutes, or the last 24 hours."""
    sums = known.sums(rule.by, known.now_ms - rule.span_ms, known.now_ms)
    if sums is None:
        return CATCHING_UP
    span = "60 minutes" if rule.span_ms == HOUR_MS else "24 hours"
    return tuple(
        judged(
            rule,
            _subject(rule, group),
            group.cost_nanos,
            detail=f"{_subject(rule, group)} spent {usd(group.cost_nanos)} USD in the last {span}",
        )
        for group in sums
    )


def cache_hit_rate(rule: Rule, known: Known) -> Found:
    """Input tokens that were read from the provider's cache, of all input tokens of the last 60 minutes."""
    sums = known.sums(rule.by, known.now_ms - HOUR_MS, known.now_ms)
    if sums is None:
        return CATCHING_UP
    return tuple(_hit_rate(rule, group) for group in sums)


def cost_per_success(rule: Rule, known: Known) -> Found:
    """What the last 24 hours cost for each run that succeeded."""
    return _with_outcomes(known.sums(rule.by, known.now_ms - DAY_MS, known.now_ms), lambda group: _apiece(rule, group))


def cost_against_quality(rule: Rule, known: Known) -> Found:
    """Whether cost and quality diverge: today's cost for each success, as a share of that of the seven days before.

    The same as (cost per run now / before) / (share of success now / before): it rises when runs cost more without
    succeeding more often, and when they succeed less often at the same cost.
    """
    today = known.now_ms // DAY_MS * DAY_MS
    before = known.sums(rule.by, today - DAYS * DAY_MS, today)
    if before is None:
        return CATCHING_UP
    past = {group.value: group for group in before}
    now = known.sums(rule.by, today, known.now_ms)
    return _with_outcomes(now, lambda group: _divergence(rule, past.get(group.value), group, day(today)))


def _day(rule: Rule, group: Sums, before: list[int], today: str) -> Reading:
    subject = _subject(rule, group)
    if len(before) < LEAST_DAYS:
        return no_data(
            subject, f"only {len(before)} of the {DAYS} days before had any spend; {LEAST_DAYS} make an average"
        )
    average = sum(before) // len(before)
    share = group.cost_nanos * PPM // max(average, 1)
    whose = f"{subject} has" if subject else "there were"
    detail = (
        f"{whose} {usd(group.cost_nanos)} USD spent on {today} so far, {percent(share)} of the average "
        f"of {usd(average)} USD (over the {len(before)} of the {DAYS} days before with any spend)"
    )
    return judged(rule, subject, share, window=today, detail=detail)


def _hit_rate(rule: Rule, group: Sums) -> Reading:
    subject = _subject(rule, group)
    if group.attempts < LEAST_CALLS or not group.input_tokens:
        return no_data(subject, f"{group.attempts} calls in the last 60 minutes; a rate is told from {LEAST_CALLS} on")
    share = group.cache_read_input_tokens * PPM // group.input_tokens
    detail = (
        f"{percent(share)} of the input tokens{f' of {subject}' if subject else ''} were read from the provider's cache "
        f"in the last 60 minutes ({group.cache_read_input_tokens} of {group.input_tokens}, {group.attempts} calls)"
    )
    return judged(rule, subject, share, detail=detail)


def _with_outcomes(sums: tuple[Sums, ...] | None, read: Callable[[Sums], Reading]) -> Found:
    if sums is None:
        return CATCHING_UP
    told = tuple(group for group in sums if group.successes is not None)
    return tuple(map(read, told)) if told else NO_OUTCOMES


def _apiece(rule: Rule, group: Sums) -> Reading:
    subject = _subject(rule, group)
    if not group.successes:
        return no_data(subject, "no run of the last 24 hours succeeded")
    cost = -(-group.cost_nanos // group.successes)
    detail = (
        f"a success{f' of {subject}' if subject else ''} cost {usd(cost)} USD over the last 24 hours "
        f"({usd(group.cost_nanos)} USD for {group.successes})"
    )
    return judged(rule, subject, cost, detail=detail)


def _divergence(rule: Rule, past: Sums | None, group: Sums, today: str) -> Reading:
    subject = _subject(rule, group)
    counts = [side.successes or 0 if side else 0 for side in (past, group)]
    if past is None or min(counts) < LEAST_SUCCESSES or not past.cost_nanos:
        return no_data(subject, f"{LEAST_SUCCESSES} successes today and in the {DAYS} days before make a comparison")
    then, now = counts
    share = group.cost_nanos * then * PPM // (past.cost_nanos * now)
    detail = (
        f"a success{f' of {subject}' if subject else ''} costs {usd(group.cost_nanos // now)} USD on {today}, "
        f"{percent(share)} of the {usd(past.cost_nanos // then)} USD of the {DAYS} days before"
    )
    return judged(rule, subject, share, window=today, detail=detail)


def _subject(rule: Rule, group: Sums) -> str:
    return f"{rule.by} {group.value or NOBODY}" if rule.by else ""
