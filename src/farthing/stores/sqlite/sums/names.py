"""Numbers for whom calls were for and what was called, so that sums need not repeat it; and which labels are narrow."""

import sqlite3

import msgspec

from farthing.stores.sqlite.sums.tally import What

MOST_VALUES = 100
"""A label that has so many values is wide from then on: sums that do not ask for it leave it out."""
KEY = "key"
"""The label that is the name of the call's key."""

_FIND = "SELECT id, narrow FROM who WHERE labels = ? AND key = ?"
_OF = "SELECT key, labels FROM who WHERE id = ?"
_ADD = "INSERT INTO who (key, labels, narrow) VALUES (?, ?, ?)"
_OWN = "UPDATE who SET narrow = id WHERE id = ?"
_ADD_LABEL = "INSERT OR IGNORE INTO who_label (name, value, who) VALUES (?, ?, ?)"
_VALUES = "SELECT value FROM label_value WHERE name = ?"
_ADD_VALUE = "INSERT OR IGNORE INTO label_value (name, value) VALUES (?, ?)"
_FIND_WHAT = "SELECT id FROM what WHERE model = ?2 AND provider = ?1 AND tier = ?3 AND route = ?4 AND outcome = ?5 AND rates = ?6"
_ADD_WHAT = "INSERT INTO what (provider, model, tier, route, outcome, rates) VALUES (?, ?, ?, ?, ?, ?)"
_WIDE = "SELECT name FROM label_value GROUP BY name HAVING count(*) >= ?"


class Names:
    """Finds and makes numbers for one turn, `within` one of its transactions after the other: whoever rewrites numbers
    meanwhile (`forgetting/sums.py`) ends the turn, and what is remembered here with it."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._whos: dict[tuple[str, str], tuple[int, int]] = {}
        self._ones: dict[int, tuple[int, ...]] = {}
        self._whats: dict[What, int] = {}
        self._values: dict[str, set[str]] = {}

    def within(self, connection: sqlite3.Connection) -> None:
        """From here on in this transaction."""
        self._connection = connection

    def who(self, key: str, labels: str) -> tuple[int, int]:
        """The number of these labels (JSON), and that of the narrow ones among them."""
        found = self._whos.get((key, labels))
        if found is None:
            row = self._execute(_FIND, (labels, key)).fetchone()
            found = self._whos[key, labels] = row or self._new_who(key, labels)
        return found

    def ones(self, narrow: int) -> tuple[int, ...]:
        """The numbers that stand for one label of these narrow ones each."""
        found = self._ones.get(narrow)
        if found is None:
            key, labels = self._execute(_OF, (narrow,)).fetchone()
            every = msgspec.json.decode(labels, type=dict[str, str])
            alone = [("", {name: value}) for name, value in every.items() if not self._is_wide(name)]
            alone += [(key, {})] if key and not self._is_wide(KEY) else []
            found = tuple(self.who(one, msgspec.json.encode(label).decode())[0] for one, label in alone)
            self._ones[narrow] = found
        return found

    def what(self, what: What) -> int:
        found = self._whats.get(what)
        if found is None:
            row = self._execute(_FIND_WHAT, what).fetchone()
            found = row[0] if row else self._insert(_ADD_WHAT, what)
            self._whats[what] = found
        return found

    def _new_who(self, key: str, labels: str) -> tuple[int, int]:
        every = msgspec.json.decode(labels, type=dict[str, str])
        narrow = {name: value for name, value in every.items() if self._is_narrow(name, value)}
        narrow_key = key if self._is_narrow(KEY, key) else ""
        if (narrow_key, narrow) == (key, every):
            number = own = self._insert(_ADD, (key, labels, 0))
            self._execute(_OWN, (number,))
        else:
            own, _ = self.who(narrow_key, msgspec.json.encode(narrow).decode())
            number = self._insert(_ADD, (key, labels, own))
        named = [(KEY, key, number), *((name, value, number) for name, value in every.items())]
        for row in named:
            self._execute(_ADD_LABEL, row)
        return number, own

    def _is_narrow(self, name: str, value: str) -> bool:
        values = self._values_of(name)
        if value not in values and len(values) < MOST_VALUES:
            self._execute(_ADD_VALUE, (name, value))
            values.add(value)
        return len(values) < MOST_VALUES

    def _is_wide(self, name: str) -> bool:
        return len(self._values_of(name)) >= MOST_VALUES

    def _values_of(self, name: str) -> set[str]:
        """The first values of a label. Another process may add some meanwhile: then a label is wide a little later."""
        found = self._values.get(name)
        if found is None:
            found = self._values[name] = {value for (value,) in self._execute(_VALUES, (name,))}
        return found

    def _insert(self, statement: str, row: tuple[object, ...]) -> int:
        number = self._execute(statement, row).lastrowid
        assert number is not None
        return number

    def _execute(self, statement: str, row: tuple[object, ...]) -> sqlite3.Cursor:
        assert self._connection is not None
        return self._connection.execute(statement, row)


def wide_labels(connection: sqlite3.Connection) -> set[str]:
    """Labels (and perhaps `key`) that only the sums by whom tell apart."""
    return {name for (name,) in connection.execute(_WIDE, (MOST_VALUES,))}
