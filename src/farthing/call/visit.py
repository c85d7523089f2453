"""One call in the guards' care, from its first question to its end."""

from farthing.domain.record import Labels
from farthing.guard.rates import UNLIMITED, Ticket
from farthing.guard.session import SessionName


class Visit:
    """What the guards remember of a call that they let in: hand it back to them, at every step and at its end.

    Kept as long as the call runs: with it goes the rate ticket, and a lost ticket gives its slot back.
    """

    __slots__ = (
        "answered",
        "begun",
        "digest",
        "over",
        "probe",
        "run",
        "session",
        "ticket",
        "trusted",
        "workflow",
    )

    def __init__(self, *, trusted: Labels, run: str, workflow: str, session: SessionName | None, probe: bool) -> None:
        self.trusted = trusted
        """The labels that may choose limits."""
        self.run = run
        """The run it is counted on; "" where it names none, or may not choose one."""
        self.workflow = workflow
        self.session = session
        self.probe = probe
        """It goes to see whether its agent is well again."""
        self.ticket: Ticket = UNLIMITED
        self.digest = b""
        """Of what it asks; b"" where nobody looked."""
        self.begun = False
        """Its run counts it as in flight."""
        self.answered = False
        self.over = False
