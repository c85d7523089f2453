"""What the guards say no to, as refusals that name the numbers and what to do."""

import shlex
from datetime import UTC, datetime

from farthing.domain.refusal import Refusal
from farthing.domain.suspension import KEY, Subject, Suspension
from farthing.guard.breaker import Barred
from farthing.guard.lifecycle import Stopped
from farthing.guard.limit import Limited, NeverFits
from farthing.guard.session import SessionName, describe

RATE_LIMITED = "rate_limit_exceeded"
"""The code of all 429s of ours, as OpenAI's clients know it."""


def suspended(suspension: Suspension) -> Refusal:
    """Refused until somebody lifts it, or until its time is over."""
    when = "" if suspension.until_ms is None else f"wait until {_moment(suspension.until_ms)}, or "
    return Refusal(
        code="suspended",
        message=suspension.message,
        what_to_do=f"{when}lift it with `{resume_command(suspension.subject)}`",
    )


def retired(suspension: Suspension) -> Refusal:
    """A call from a deployment that somebody retired."""
    because = f": {suspension.why}" if suspension.why else ""
    return Refusal(
        code="run_orphaned",
        message=f"the deployment {suspension.value} is retired{because}, and is still calling",
        what_to_do=f"stop it, or take it back with `farthing runs restore {shlex.quote(suspension.value)}`",
    )


def stopped(verdict: Stopped) -> Refusal:
    """The life of its run keeps the call from going."""
    message, _, what_to_do = verdict.message.rstrip(".").rpartition(". ")
    return Refusal(code=verdict.code, message=message or what_to_do, what_to_do=what_to_do)


def limited(found: Limited | NeverFits) -> Refusal:
    """429 for a rate that reopens; 402 for a call that is larger than a whole limit, which waiting does not help."""
    message, _, what_to_do = found.message.rstrip(".").rpartition(". ")
    if isinstance(found, Limited):
        seconds = max(-(-found.retry_after_ms // 1_000), 1)
        return Refusal(
            code=RATE_LIMITED, message=message, what_to_do=what_to_do, status=429, retry_after_seconds=seconds
        )
    return Refusal(code="larger_than_rate_limit", message=message, what_to_do=what_to_do)


def tripped(name: SessionName, barred: Barred) -> Refusal:
    """The agent's breaker is open. `barred.why` says what it did, as words that follow its name, or as a sentence."""
    what_to_do = f"look at what it does, then `{resume_command(_subject(name))}`"
    if barred.until_ms is not None:
        what_to_do += f"; one call may try again from {_moment(barred.until_ms)}"
    return Refusal(code="circuit_open", message=stop_message(name, barred.why), what_to_do=what_to_do)


def looping(why: str) -> Refusal:
    """A loop of a call that names neither run nor agent: only this conversation is stopped."""
    return Refusal(
        code="circuit_open",
        message=f"this conversation is stopped: {why}",
        what_to_do="change what it is told before it is sent again",
    )


def stop_message(name: SessionName, why: str) -> str:
    return f"{describe(name)} is stopped: {why}"


def resume_command(subject: Subject) -> str:
    """What a person types to let a subject call again."""
    label, value = subject
    if label == KEY:
        return f"farthing keys resume {shlex.quote(value)}"
    if label == "run":
        return f"farthing runs resume {shlex.quote(value)}"
    return f"farthing runs resume --label {shlex.quote(f'{label}={value}')}"


def _subject(name: SessionName) -> Subject:
    run, agent, _ = name
    return ("run", run) if run else ("agent", agent)


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1_000, UTC).isoformat().replace("+00:00", "Z")
