"""What one dashboard remembers between requests, and nothing of it outlives the process."""

from farthing.dashboard.attempts import Attempts
from farthing.dashboard.shared import Shared
from farthing.dashboard.verifying import Verifier


class House:
    """One dashboard's memory."""

    def __init__(self) -> None:
        self.shared = Shared()
        self.attempts = Attempts()
        self.verifier = Verifier()
