"""How many runs succeeded, as alerts count them beside what calls cost."""

from farthing.ports.history import History


def successes(history: History, by: str, since_ms: int, until_ms: int) -> dict[str, int]:
    """By the label's value, of the runs that began in that time; without the values for which nobody said anything.

    `by` is as in `farthing.ports.alerts.Facts.sums`. Raises LedgerUnavailable.
    """
    rows = history.outcomes(by=(by,) if by else (), since_ms=since_ms, until_ms=until_ms)
    return {row.group[0] if by else "": row.succeeded for row in rows if row.judged}
