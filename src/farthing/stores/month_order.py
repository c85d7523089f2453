"""Months are closed one after the other, whoever closes them: checked where they are kept, under its lock."""

from farthing.domain.errors import BadRequest


def check_next(month: str, last: str | None) -> None:
    """Raises BadRequest 409 unless `month` follows the `last` closed one (None: nothing is closed, any may begin)."""
    if last is None:
        return
    if month <= last:
        raise _conflict(f"{month} is closed already; what changed since is told in the open month")
    year, number = divmod(int(last[:4]) * 12 + int(last[5:]), 12)
    due = f"{year:04d}-{number + 1:02d}"
    if month != due:
        raise _conflict(f"months are closed one after the other, and {due} is the next: close it first")


def _conflict(message: str) -> BadRequest:
    return BadRequest(message, field="month", status=409, code="conflict")
