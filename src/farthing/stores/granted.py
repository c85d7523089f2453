"""What the ledger did to an attempt when it granted its money: a lower cap, a wait. Nothing, for nearly every call."""

from farthing.domain.hold import Reserve, Reserved
from farthing.domain.record import Step


def steps_of(ask: Reserve, granted: Reserved) -> tuple[Step, ...]:
    """Everything that stages and the ledger did to it, in order."""
    steps = ask.opening.steps
    if granted.waited_ms:
        did = f"waited {granted.waited_ms:,} ms for money"
        steps = (*steps, Step("wait", did, "it was held by other calls"))
    if granted.clamped:
        did = f"output cap {granted.cap:,} instead of {ask.cap:,}"
        steps = (*steps, Step("cap", did, "what is left of the budgets pays for no longer answer"))
    return steps
