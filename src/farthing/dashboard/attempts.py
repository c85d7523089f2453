"""Wrong keys at the login: after a few in a minute their sender is not heard for a while."""

PATIENCE = 10
"""Wrong keys in a minute; further ones are not even looked at."""
MOST = 1_000
"""The same from all visitors together."""
_MINUTE_MS = 60_000


class Attempts:
    """Wrong keys of the last minute, by who sent them: whoever tries keys from elsewhere shuts out nobody but himself."""

    def __init__(self) -> None:
        self._failed: list[tuple[int, str]] = []

    def exhausted(self, now_ms: int, visitor: str) -> bool:
        """This visitor sent too many, or all together sent more than we care to remember."""
        self._failed = [(at, who) for at, who in self._failed if now_ms - at < _MINUTE_MS]
        return len(self._failed) >= MOST or sum(who == visitor for _, who in self._failed) >= PATIENCE

    def failed(self, now_ms: int, visitor: str) -> None:
        self._failed.append((now_ms, visitor))
