"""What somebody writes between the brackets of `farthing.budget(…)`, checked by the rules of the configuration file."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from farthing.accounts.attribution import LABEL_NAME, MAX_VALUE, flaw_of
from farthing.config import settings as file
from farthing.config.checks import problems_of
from farthing.config.convert import budgets_of
from farthing.config.reader import Reader
from farthing.config.values import Surroundings
from farthing.domain.budget import Budget
from farthing.domain.record import Labels
from farthing.sdk.engine import CONFIG
from farthing.sdk.errors import Misused

_OF_THE_FILE = frozenset(("hard", "soft", "unknown", "match", "tz", "floor"))
"""Settings of budgets that have no argument here. Taken for labels, they would be obeyed by nobody, unseen."""
_PASSING = "lifetime"
"""The window of a budget that ends with its block."""


class Terms(NamedTuple):
    """A budget before it is opened: its account is named when it is known what it stands in."""

    name: str
    labels: Labels
    given: Mapping[str, object]
    """Settings in the words of the file."""
    keeps: bool
    """It has a name and a window of its own: what is spent in it counts in the next block of that name too."""

    def budget(self, label: str) -> Budget:
        """The budget, for calls that carry this label. Raises Misused naming the argument."""
        if not {"limit", "tokens", "calls", "per_call", "per_output"} & self.given.keys():  # it only counts
            return Budget(name=f"{label} {self.name}", match=((label, self.name),), source="store")
        raw = {"name": f"{label} {self.name}", "match": {label: self.name}, **self.given}
        reader = Reader(Surroundings({}, Path()))
        read = reader.table(file.Budget, raw, ())
        problems = reader.problems or problems_of(file.File(budgets=() if read is None else (read,)))
        if problems or read is None:
            problem = problems[0]
            raise Misused(f"farthing.budget(): {problem.field.removeprefix('budgets[0].')} {problem.message}".strip())
        return msgspec.structs.replace(budgets_of(file.File(budgets=(read,)))[0], source="store")


def terms(limit: object, given: Mapping[str, object], name: str | None, labels: Mapping[str, object]) -> Terms:
    """Read the arguments. `given` are those with the file's own names; None was not given. Raises Misused."""
    settings = {setting: value for setting, value in given.items() if value is not None}
    if limit is not None:
        settings["limit"] = _money(limit)
    window = str(settings.get("window", _PASSING))
    if window != _PASSING and name is None:
        raise Misused(
            f'a budget with a window of its own needs a name: farthing.budget(…, name="nightly", window={window!r})'
        )
    return Terms(
        name=_named(name, keeps=window != _PASSING),
        labels=labels_of(labels),
        given=settings,
        keeps=window != _PASSING,
    )


def _named(name: str | None, *, keeps: bool) -> str:
    """Each block has a name of its own, so that two of one name, one after the other or at once, never share a limit."""
    unique = secrets.token_hex(6)
    if name is None:
        return f"run-{unique}"
    _value("name", name)
    return name if keeps else f"{name[: MAX_VALUE - len(unique) - 1]}-{unique}"


def labels_of(labels: Mapping[str, object]) -> Labels:
    """Labels as a call carries them. Raises Misused naming the one that cannot be."""
    for label in labels:
        if label in _OF_THE_FILE:
            raise Misused(f"farthing.budget() has no {label!r}: it is a setting of a budget in the file that {CONFIG} names")
        if LABEL_NAME.fullmatch(label) is None or label == "run" or label.startswith("run."):
            raise Misused(
                f"{label!r} cannot be a label here: lower-case letters, digits and _ . - after a letter, and not run"
            )
    return tuple(sorted((label, _value(label, value)) for label, value in labels.items()))


def _value(label: str, value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_VALUE:
        raise Misused(f"{label} must be a text of 1 to {MAX_VALUE} characters, not {value!r}")
    flaw = "a comma would end it" if "," in value else flaw_of("run", value)
    if flaw or value != value.strip():
        raise Misused(f"{label} cannot be {value!r}: {flaw or 'it begins or ends with a space'}")
    return value


def _money(limit: object) -> str:
    """The amount in the file's words, which name their currency."""
    if not isinstance(limit, str):
        raise Misused(f"an amount is a text, like farthing.budget('$2'), not {limit!r}: a float cannot hold it exactly")
    text = limit.strip()
    return text.removeprefix("$").strip() + " USD" if text.startswith("$") or text[-1:].isdigit() else text
