"""Deliveries: their name for receivers, when one that failed is tried again, and when it is given up."""

from hashlib import sha256

FIRST_MS = 5_000
LONGEST_MS = 3_600_000
GIVE_UP_MS = 3 * 86_400_000
"""After three days a message is history: it is dead, and shown as such."""


def key_of(alert: int, at_ms: int, rule: str, address: str) -> str:
    """The name of one alert at one address, the same at every attempt and after every restart; 32 hex digits."""
    return sha256(f"{alert}/{at_ms}/{rule}/{address}".encode()).hexdigest()[:32]


def next_ms(attempt: int, told_ms: int, now_ms: int, chance: float) -> int | None:
    """The moment for the next attempt after this one (1 for the first) failed; None: give up.

    Doubles from five seconds up to an hour. `chance` (0 ≤ chance < 1) moves it within the upper half of that, so that
    many workers do not come back together.
    """
    assert attempt >= 1
    assert 0 <= chance < 1
    if now_ms - told_ms >= GIVE_UP_MS:
        return None
    whole = min(FIRST_MS << min(attempt - 1, 30), LONGEST_MS)
    return now_ms + whole // 2 + int(whole // 2 * chance)
