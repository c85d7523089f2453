"""A recorded call as one span: its place in the caller's trace, and everything the record knows under the agreed names."""

import re
from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from farthing.domain.ids import show
from farthing.domain.money import NANOS_PER_USD
from farthing.domain.record import CallOpening
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord
from farthing.telemetry import names
from farthing.telemetry.tally import NaiveOf

Value = str | int | float | bool | tuple[str, ...]
Attributes = dict[str, Value]

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")
_PAID = "paid"


class Event(msgspec.Struct, frozen=True):
    """Something within a span."""

    name: str
    at_ms: int
    attributes: Attributes


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One logical call. Its ids follow from the call's own, so a span that is sent twice is the same span."""

    trace_id: int
    span_id: int
    parent_id: int
    """0 for none."""
    name: str
    start_ms: int
    end_ms: int
    attributes: Attributes
    events: tuple[Event, ...]
    error: str
    """`error.type`; "" where all went well."""
    within: bool = False
    """It ran within the caller's own program, as tools do; everything else went out to a provider."""


def span_of(call: CallRecord, *, naive_of: NaiveOf, hidden: frozenset[str] = frozenset()) -> Span:
    """The span of a call that is over. `hidden` are labels that are not to be told."""
    opening, closing = call.opening, call.closing
    labels = {name: value for name, value in opening.labels if name not in hidden}
    trace = dict(opening.labels).get("trace", "")
    known = _TRACE.fullmatch(trace) is not None
    error = _error(call)
    operation = names.operation_of(opening)
    of_tool = operation == names.EXECUTE_TOOL
    return Span(
        trace_id=int(trace, 16) if known else _trace_of(opening.id),
        span_id=opening.id,
        parent_id=int(opening.parent or "0", 16) if known else 0,
        name=f"{operation} {opening.model}".strip(),
        start_ms=opening.arrived_ms,
        end_ms=max(opening.arrived_ms, closing.finished_ms) if closing else _last_moment(call),
        attributes={
            **(_tool(opening) if of_tool else _request(opening, operation)),
            **_common(call),
            **({} if of_tool else _answer(call) | _usage(call.attempts)),
            **_labels(labels),
            **_cost(call, naive_of),
            **({"error.type": error} if error else {}),
        },
        events=tuple(_event(attempt, of_tool=of_tool) for attempt in call.attempts),
        error=error,
        within=of_tool,
    )


def cost_nanos(call: CallRecord) -> int | None:
    """What a call cost; None where any part of that is not known."""
    costs = [attempt.cost_nanos for attempt in call.attempts if attempt.state == "settled"]
    unknown = None in costs or any(attempt.state in {"held", "unknown"} for attempt in call.attempts)
    return None if unknown else sum(cost for cost in costs if cost is not None)


def _trace_of(call: int) -> int:
    """A trace of its own for a call that came without one; always the same for the same call."""
    return int.from_bytes(blake2b(call.to_bytes(8, "big"), digest_size=16).digest(), "big")


def _request(opening: CallOpening, operation: str) -> Attributes:
    made: Attributes = {
        "gen_ai.operation.name": operation,
        "gen_ai.request.model": opening.model,
        "gen_ai.request.stream": opening.streamed,
        "llm.model_name": opening.model,
        "openinference.span.kind": "EMBEDDING" if operation == "embeddings" else "LLM",
        "farthing.dialect": opening.dialect,
    }
    if opening.cap_asked is not None:
        made["gen_ai.request.max_tokens"] = opening.cap_asked
    return made


def _tool(opening: CallOpening) -> Attributes:
    """A use of a tool: a function that the caller's program ran, whose name stands where other calls have their model."""
    return {
        "gen_ai.operation.name": names.EXECUTE_TOOL,
        "gen_ai.tool.name": opening.model,
        "gen_ai.tool.type": "function",
        "openinference.span.kind": "TOOL",
        "tool.name": opening.model,
    }


def _common(call: CallRecord) -> Attributes:
    """What is known of calls of every kind: whose, on which budgets, and how it ended."""
    made: Attributes = {"farthing.call.id": show("call", call.opening.id)}
    if call.opening.key:
        made["farthing.key"] = call.opening.key
    if call.attempts:
        budgets = sorted({share.account.budget for attempt in call.attempts for share in attempt.shares})
        made |= {"farthing.attempts": len(call.attempts), "farthing.budgets": tuple(budgets)}
    closing = call.closing
    made["farthing.outcome"] = closing.outcome if closing else "lost"
    if closing is not None and closing.outcome == "refused":
        made["farthing.refusal.code"] = closing.code
    return made


def _answer(call: CallRecord) -> Attributes:
    """Who answered, and how."""
    last = call.attempts[-1] if call.attempts else None
    provider = (names.provider_of(last.opening.provider) if last else "") or "unknown"
    made: Attributes = {"gen_ai.provider.name": provider, "llm.provider": provider}
    if last is not None:
        made |= _served(last)
    closing = call.closing
    if closing is not None:
        made["http.response.status_code"] = closing.status
        if closing.first_byte_ms is not None and call.opening.streamed:
            made["gen_ai.response.time_to_first_chunk"] = closing.first_byte_ms / 1_000
    return made


def _served(last: AttemptRecord) -> Attributes:
    made: Attributes = {
        "farthing.sent.model": last.opening.model,
        "farthing.output_cap": last.cap,
        "farthing.bound": last.opening.bound,
    }
    for name, value in (
        ("gen_ai.response.model", last.served_model),
        ("gen_ai.response.id", last.response_id),
        ("farthing.price_book", last.opening.book),
        ("farthing.tier", last.tier),
    ):
        if value:
            made[name] = value
    if last.finish:
        made["gen_ai.response.finish_reasons"] = (last.finish,)
    if last.tier and names.provider_of(last.opening.provider) == "openai":
        made["openai.response.service_tier"] = last.tier
    if last.flags:
        made["farthing.flags"] = last.flags
    return made


def _labels(labels: dict[str, str]) -> Attributes:
    made: Attributes = {f"farthing.label.{name}": value for name, value in labels.items() if name != "trace"}
    for label, others in names.LABELS.items():
        if label in labels:
            made |= dict.fromkeys(others, labels[label])
    return made


def _usage(attempts: tuple[AttemptRecord, ...]) -> Attributes:
    """Tokens of all settled attempts together; nothing where none was settled."""
    used = [attempt.usage for attempt in attempts if attempt.usage is not None]
    if not used:
        return {}
    made: Attributes = {}
    for field, called in names.TOKENS.items():
        total = sum(getattr(usage, field) for usage in used)
        if total or field in {"input_tokens", "output_tokens"}:
            made |= dict.fromkeys(called, total)
    made["llm.token_count.total"] = sum(_total(usage) for usage in used)
    return made


def _total(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def _cost(call: CallRecord, naive_of: NaiveOf) -> Attributes:
    settled = [attempt for attempt in call.attempts if attempt.state == "settled"]
    total = cost_nanos(call)
    if total is None:
        return {"farthing.cost.known": False}
    naive = sum(naive_of(call.opening, attempt) for attempt in settled)
    return {
        **dict.fromkeys(names.COST, total / NANOS_PER_USD),
        "gen_ai.usage.cost.currency": "USD",
        "gen_ai.usage.cost.source": "local",
        "farthing.cost.known": True,
        "farthing.cost.nanodollars": total,
        "farthing.cost.estimated": any(attempt.source == "estimate" for attempt in settled),
        "farthing.naive.nanodollars": naive,
        "farthing.saved.nanodollars": naive - total,
    }


def _error(call: CallRecord) -> str:
    closing = call.closing
    if closing is None:
        return "lost"
    return "" if closing.outcome == _PAID else closing.code or closing.outcome


def _event(attempt: AttemptRecord, *, of_tool: bool) -> Event:
    """One request to one provider: a call that was tried again has several. A tool was run once."""
    opening = attempt.opening
    made: Attributes = {"farthing.attempt": opening.ordinal, "farthing.attempt.state": attempt.state}
    if not of_tool:
        made["gen_ai.provider.name"] = names.provider_of(opening.provider)
        made["gen_ai.request.model"] = opening.model
    if attempt.cost_nanos is not None:
        made["farthing.cost.nanodollars"] = attempt.cost_nanos
    if attempt.reason:
        made["farthing.attempt.reason"] = attempt.reason
    return Event("farthing.attempt", opening.opened_ms, made | _stages(attempt))


def _stages(attempt: AttemptRecord) -> Attributes:
    """What stages did to it, in their own words."""
    steps = attempt.opening.steps
    return {"farthing.steps": tuple(f"{step.stage}: {step.did}" for step in steps)} if steps else {}


def _last_moment(call: CallRecord) -> int:
    moments: Iterator[int] = (attempt.settled_ms or attempt.opening.opened_ms for attempt in call.attempts)
    return max((call.opening.arrived_ms, *moments))
