"""Lists and sums over records held in memory."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from farthing.domain.record import Labels
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord, CallSummary, UsageRow

TIMES = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}


def matches(record: CallRecord, key: str | None, labels: Labels, outcome: str | None) -> bool:
    """Whether a call is among those asked for."""
    if key is not None and record.opening.key != key:
        return False
    if outcome is not None and (record.closing is None or record.closing.outcome != outcome):
        return False
    return set(labels) <= set(record.opening.labels)


def summary_of(record: CallRecord) -> CallSummary:
    opening, closing = record.opening, record.closing
    settled = [attempt for attempt in record.attempts if attempt.state == "settled"]
    usage = add_usage(settled)
    return CallSummary(
        id=opening.id,
        arrived_ms=opening.arrived_ms,
        key=opening.key,
        labels=opening.labels,
        model=opening.model,
        streamed=opening.streamed,
        outcome=closing.outcome if closing else "",
        code=closing.code if closing else "",
        status=closing.status if closing else None,
        finished_ms=closing.finished_ms if closing else None,
        attempts=sum(attempt.state != "void" for attempt in record.attempts),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_nanos=sum(attempt.cost_nanos or 0 for attempt in settled),
        estimated=sum(attempt.source == "estimate" for attempt in settled),
        unpriced=sum(attempt.cost_nanos is None for attempt in settled),
        open=sum(is_open(attempt) for attempt in record.attempts),
    )


def groups_of(record: CallRecord, by: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], AttemptRecord | None]]:
    """Each attempt of a call with the group it belongs to; a call without any belongs to one too."""
    for attempt in record.attempts or (None,):
        yield tuple(value_of(record, attempt, name) for name in by), attempt


def value_of(record: CallRecord, attempt: AttemptRecord | None, name: str) -> str:
    """What a call and one of its attempts have under a name of `farthing.ports.history.NAMES`, or a label of theirs."""
    match name:
        case "model":
            return attempt.opening.model if attempt else record.opening.model
        case "provider":
            return attempt.opening.provider if attempt else ""
        case "key":
            return record.opening.key
        case "route":
            return record.opening.route
        case "outcome":
            return record.closing.outcome if record.closing else ""
        case "tier":
            return (attempt.tier or "standard") if attempt and attempt.state == "settled" else ""
        case "hour" | "day" | "month":
            return datetime.fromtimestamp(record.opening.arrived_ms // 1_000, UTC).strftime(TIMES[name])
        case label:
            return dict(record.opening.labels).get(label, "")


def row_of(group: tuple[str, ...], members: Sequence[tuple[CallRecord, AttemptRecord | None]]) -> UsageRow:
    """The sums of one group."""
    firsts = [record for record, attempt in members if attempt is None or attempt is record.attempts[0]]
    attempts = [attempt for _, attempt in members if attempt is not None]
    settled = [attempt for attempt in attempts if attempt.state == "settled"]
    return UsageRow(
        group=group,
        calls=len(firsts),
        refused=sum(record.closing is not None and record.closing.outcome == "refused" for record in firsts),
        attempts=sum(attempt.state != "void" for attempt in attempts),
        usage=add_usage(settled),
        cost_nanos=sum(attempt.cost_nanos or 0 for attempt in settled),
        remainder_picos=sum(attempt.remainder_picos for attempt in settled),
        estimated_nanos=sum(attempt.cost_nanos or 0 for attempt in settled if attempt.source == "estimate"),
        unpriced=sum(attempt.cost_nanos is None for attempt in settled),
        open=sum(is_open(attempt) for attempt in attempts),
    )


def counts(record: CallRecord, attempt: AttemptRecord | None) -> bool:
    """Whether a row is more than a retry that never was sent."""
    return attempt is None or attempt is record.attempts[0] or attempt.state != "void"


def add_usage(attempts: Sequence[AttemptRecord]) -> Usage:
    """The usage of all of these together, kind by kind."""
    return Usage(
        **{
            field: sum(getattr(attempt.usage, field) for attempt in attempts if attempt.usage is not None)
            for field in Usage.__struct_fields__
        }
    )


def is_open(attempt: AttemptRecord) -> bool:
    """Whether its cost is still to come."""
    return attempt.state in {"held", "unknown"}
