"""Wrong keys at the login: after a few in a minute nobody is heard for a while."""

PATIENCE = 10
"""Wrong keys in a minute; further ones are not even looked at."""
_MINUTE_MS = 60_000


class Attempts:
    """Wrong keys of the last minute, whoever sent them."""

    def __init__(self) -> None:
        self._failed: list[int] = []

    def exhausted(self, now_ms: int) -> bool:
        self._failed = [at for at in self._failed if now_ms - at < _MINUTE_MS]
        return len(self._failed) >= PATIENCE

    def failed(self, now_ms: int) -> None:
        self._failed.append(now_ms)
