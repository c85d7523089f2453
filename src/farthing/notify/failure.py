"""What goes wrong on the way to an address."""

from farthing.domain.errors import FarthingError


class Undelivered(FarthingError):
    """One attempt failed; there may be another. The message is kept and shown, so it holds no secret."""
