"""What the numbers in sums stand for, and which of them fit a condition."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from farthing.domain.record import Labels
from farthing.stores.sqlite.sums.names import KEY, wide_labels
from farthing.stores.sqlite.sums.tally import What

TIMES = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}
PARTS_OF_WHAT = ("provider", "model", "tier", "route", "outcome")
PROMPT = "prompt"
"""What runs may be asked for beside the names of calls: the version of their prompt."""
NOBODY = NOTHING = 0
"""The numbers of whom and what a sum is for that does not tell them apart."""

_NARROW = "SELECT id, key, labels FROM who WHERE narrow = id"
_WHO = "SELECT id, key, labels FROM who WHERE id IN (SELECT value FROM json_each(?))"
_OF_LABEL = "SELECT who FROM who_label WHERE name = ? AND value = ?"
_WITHOUT_LABEL = "SELECT id FROM who WHERE id NOT IN (SELECT who FROM who_label WHERE name = ? AND value <> '')"
_WHAT = "SELECT id, provider, model, tier, route, outcome, rates FROM what"


class Found(NamedTuple):
    """One row of sums, from a table or just made, or a run."""

    start_ms: int
    key: str
    labels: Mapping[str, str]
    what: What
    sums: tuple[int, ...] = ()
    prompt: str = ""

    def value(self, name: str) -> str:
        """What it has under one of `farthing.ports.history.NAMES`, or a label."""
        if name in TIMES:
            return _time_of(name, self.start_ms)
        if name in PARTS_OF_WHAT:
            return str(getattr(self.what, name))
        return self.key if name == KEY else self.labels.get(name, "")

    def of_run(self, name: str) -> str:
        """The same of a run."""
        return self.prompt if name == PROMPT else self.value(name)


_NOTHING = What("", "", "", "", "", "")


class Known:
    """Reads names and conditions within one transaction."""

    def __init__(self, connection: sqlite3.Connection, where: Labels) -> None:
        self._connection = connection
        self._where = where
        self.wide = wide_labels(connection)
        self._whats = {NOTHING: _NOTHING}
        self._whats.update((number, What(*rest)) for number, *rest in connection.execute(_WHAT))
        self._whos: dict[int, tuple[str, dict[str, str]]] = {NOBODY: ("", {})}
        self._whos.update(map(_named, connection.execute(_NARROW)))
        self._narrow = self._whos.keys() - {NOBODY}

    def what(self, number: int) -> What:
        return self._whats[number]

    def found(self, start_ms: int, who: int, what: int, sums: tuple[int, ...] = (), prompt: str = "") -> Found:
        return Found(start_ms, *self._whos[who], self._whats[what], sums, prompt)

    def learn(self, numbers: Iterable[int]) -> None:
        """Whom these are; before anything is `found` for them."""
        unknown = json.dumps(sorted(set(numbers) - self._whos.keys()))
        self._whos.update(map(_named, self._connection.execute(_WHO, (unknown,))))

    def ones(self, label: str, values: set[str]) -> str:
        """JSON of the numbers that stand for one value of this narrow label and for nothing else: for these values or,
        where there are none or only "", for all."""
        wanted = {value for value in values if value}
        ones = ((number, *self._whos[number]) for number in self._narrow)
        found = {
            number: key if label == KEY else labels[label]
            for number, key, labels in ones
            if ((key and not labels) if label == KEY else (not key and labels.keys() == {label}))
        }
        return json.dumps(sorted(number for number, value in found.items() if not wanted or wanted == {value}))

    def every_narrow(self) -> str:
        """JSON of all narrow numbers."""
        return json.dumps(sorted(self._narrow))

    def narrow(self) -> str | None:
        """JSON of the narrow numbers that may hold what is wanted; None: all may."""
        wanted = [(name, value) for name, value in self._on_whom() if name not in self.wide]
        if not wanted:
            return None
        fitting = (
            number
            for number in self._narrow
            if all(Found(0, *self._whos[number], _NOTHING).value(name) == value for name, value in wanted)
        )
        return json.dumps(sorted(fitting))

    def whats(self) -> str | None:
        """JSON of what is wanted; None: everything."""
        wanted = [(name, value) for name, value in self._where if name in PARTS_OF_WHAT]
        if not wanted:
            return None
        fitting = (number for number, what in self._whats.items() if all(getattr(what, n) == v for n, v in wanted))
        return json.dumps(sorted(fitting))

    def whos(self) -> str | None:
        """JSON of those who fit the wide conditions; None: there are no such conditions."""
        wanted = [(name, value) for name, value in self._on_whom() if name in self.wide]
        return json.dumps(sorted(set.intersection(*map(self._fitting, wanted)))) if wanted else None

    def whos_of(self, by: tuple[str, ...], groups: Iterable[tuple[str, ...]]) -> str:
        """JSON of those who may be in these groups and fit the wide conditions."""
        known = self.whos()
        fitting = [] if known is None else [set(json.loads(known))]
        for place in (place for place, name in enumerate(by) if name in self.wide):
            values = {group[place] for group in groups}
            fitting.append({who for value in values for who in self._fitting((by[place], value))})
        return json.dumps(sorted(set.intersection(*fitting)))

    def _fitting(self, condition: tuple[str, str]) -> set[int]:
        name, value = condition
        query, values = (_OF_LABEL, (name, value)) if value else (_WITHOUT_LABEL, (name,))
        return {who for (who,) in self._connection.execute(query, values)}

    def _on_whom(self) -> Labels:
        others = {*TIMES, *PARTS_OF_WHAT, PROMPT, "run", "step"}
        return tuple(pair for pair in self._where if pair[0] not in others)


def turn_of(name: str, value: str) -> tuple[int, int]:
    """The hour, day or month of this name, from its first moment to the next one's; no time at all where there is none."""
    try:
        begin = datetime.strptime(value, TIMES[name]).replace(tzinfo=UTC)
        match name:
            case "hour":
                end = begin + timedelta(hours=1)
            case "day":
                end = begin + timedelta(days=1)
            case _:
                end = (begin + timedelta(days=32)).replace(day=1)
    except (ValueError, OverflowError):
        return 0, 0
    if begin.strftime(TIMES[name]) != value:
        return 0, 0
    return int(begin.timestamp()) * 1_000, int(end.timestamp()) * 1_000


@lru_cache(maxsize=10_000)
def _time_of(name: str, start_ms: int) -> str:
    return datetime.fromtimestamp(start_ms // 1_000, UTC).strftime(TIMES[name])


def _named(row: tuple[int, str, str]) -> tuple[int, tuple[str, dict[str, str]]]:
    number, key, labels = row
    return number, (key, msgspec.json.decode(labels, type=dict[str, str]))
