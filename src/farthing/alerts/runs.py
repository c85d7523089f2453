"""What single runs and events tell: a context that keeps growing, and things that should not happen at all."""

from farthing.alerts.crossing import judged
from farthing.alerts.facts import Known
from farthing.alerts.rule import PPM, Rule
from farthing.alerts.words import times
from farthing.ports.alerts import FIRST_TURNS, Context, Happening, Reading

HOUR_MS = 3_600_000


def context_growth(rule: Rule, known: Known) -> tuple[Reading, ...]:
    """Input tokens of the last turns of each run of the last 60 minutes, as a multiple of its first turns'."""
    contexts = known.contexts(known.now_ms - HOUR_MS)
    return tuple(_growth(rule, context) for context in contexts if context.first_tokens)


def happenings(rule: Rule, known: Known) -> tuple[Reading, ...]:
    """How often it happened to each subject in the last 60 minutes; of what lasts, how much there is now."""
    return tuple(
        judged(rule, one.subject, one.times, detail=one.detail or f"{rule.event}: {one.subject}")
        for one in known.happenings(rule.event, known.now_ms - HOUR_MS)
    )


def _growth(rule: Rule, context: Context) -> Reading:
    subject = f"run {context.run}" + (f", agent {context.agent}" if context.agent else "")
    growth = context.last_tokens * PPM // context.first_tokens
    detail = (
        f"the last {FIRST_TURNS} turns of {subject} had {context.last_tokens // FIRST_TURNS} input tokens each, "
        f"{times(growth)} the {context.first_tokens // FIRST_TURNS} of its first {FIRST_TURNS}"
    )
    return judged(rule, subject, growth, detail=detail)


def overruns(model: str, attempts: int) -> Happening:
    """Attempts at `provider/model` that cost more than was held for them."""
    some = "an attempt" if attempts == 1 else f"{attempts} attempts"
    detail = f"{some} at {model} cost more than was held, in the last 60 minutes"
    return Happening(subject=model, times=attempts, detail=detail)


def unknown_outcomes(model: str, attempts: int) -> Happening:
    """Attempts at `provider/model` whose outcome nobody knows."""
    some = "of one attempt" if attempts == 1 else f"of {attempts} attempts"
    return Happening(subject=model, times=attempts, detail=f"nobody knows the outcome {some} at {model} yet")


def closed_gate(model: str, detail: str) -> Happening:
    """A gate that stands closed."""
    return Happening(
        subject=model, times=1, detail=f"{model} broke the output cap it was sent: {detail or 'see doctor'}"
    )
