"""One row of a provider's export: its cells by name, read with errors that name the column and the place."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from farthing.domain.errors import BadRequest
from farthing.domain.money import PICOS_PER_USD


class Record:
    """`place` is where it stands: `line 7`, or `data[0].results[3]`."""

    __slots__ = ("_cells", "place")

    def __init__(self, place: str, cells: Mapping[str, object]) -> None:
        self.place = place
        self._cells = cells

    def text(self, name: str) -> str:
        """ "" where it is missing or null."""
        found = self._cells.get(name)
        return "" if found is None else str(found).strip()

    def count(self, name: str) -> int | None:
        """A whole number; None where nothing is said. Raises BadRequest."""
        found = self._number(name)
        if found is None:
            return None
        if found != found.to_integral_value() or found < 0:
            raise self.wrong(name, "is not a whole number")
        return int(found)

    def picos(self, name: str, *, cents: bool = False) -> int | None:
        """Money in dollars (or cents) as pico-dollars, rounded to the nearest. Raises BadRequest."""
        found = self._number(name)
        if found is None:
            return None
        return int((found * PICOS_PER_USD / (100 if cents else 1)).to_integral_value())

    def moment(self, *names: str) -> int | None:
        """The first of these cells that says a time, in milliseconds: seconds since 1970, or ISO 8601 (UTC). Raises
        BadRequest."""
        for name in names:
            said = self.text(name)
            if not said:
                continue
            if said.isdigit() and len(said) > 8:
                return int(said) * 1_000
            try:
                told = datetime.fromisoformat(said)
            except ValueError:
                raise self.wrong(name, "is no time") from None
            return int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1_000)
        return None

    def wrong(self, name: str, why: str) -> BadRequest:
        return BadRequest(f"{self.place}: {name} = {self.text(name)[:40]!r} {why}", field=name)

    def _number(self, name: str) -> Decimal | None:
        said = self.text(name)
        if not said:
            return None
        try:
            found = Decimal(said)
        except InvalidOperation:
            raise self.wrong(name, "is not a number") from None
        if not found.is_finite() or abs(found) > 10**15:
            raise self.wrong(name, "is not a number that can be meant")
        return found
