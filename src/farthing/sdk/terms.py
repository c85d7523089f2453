"""What somebody writes between the brackets of `farthing.budget(…)`, checked by the rules of the configuration file."""

import difflib
import secrets
from collections.abc import Mapping
from functools import lru_cache
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
from farthing.sdk.amounts import money_text
from farthing.sdk.engine import CONFIG
from farthing.sdk.errors import Misused

_OF_THE_FILE = frozenset(("hard", "soft", "unknown", "match", "tz", "floor"))
"""Settings of budgets that have no argument here. Taken for labels, they would be obeyed by nobody, unseen."""
_LIMITS = frozenset(("limit", "tokens", "calls", "per_call", "per_output"))
_SETTINGS = ("limit", "tokens", "calls", "name", "window", "wait", "per_call", "per_output", "bound", "store")
_ELSEWHERE = {
    **dict.fromkeys(("usd", "dollars", "amount", "money", "cost", "budget", "cap"), "limit"),
    **dict.fromkeys(("max_usd", "max_cost", "budget_usd", "cost_limit", "limit_usd", "usd_limit"), "limit"),
    **dict.fromkeys(("max_tokens", "token_limit"), "tokens"),
    **dict.fromkeys(("max_calls", "call_limit", "requests", "max_requests"), "calls"),
}
"""What others call our settings. Taken for a label, a limit would limit nothing."""
_ALIKE = 0.82
"""From which likeness on a label is taken for a setting that is misspelt: `windw` is, `waiter` is not."""
_PASSING = "lifetime"
"""The window of a budget that ends with its block."""


class Terms(NamedTuple):
    """A budget before it is opened: its account is named when it is known what it stands in."""

    name: str
    labels: Labels
    rules: Budget
    """What it limits, before it has its place."""
    keeps: bool
    """It has a name and a window of its own: what is spent in it counts in the next block of that name too."""

    def budget(self, label: str) -> Budget:
        """The budget, for calls that carry this label."""
        return msgspec.structs.replace(self.rules, name=f"{label} {self.name}", match=((label, self.name),))


def terms(limit: object, given: Mapping[str, object], name: str | None, labels: Mapping[str, object]) -> Terms:
    """Read the arguments. `given` are those with the file's own names; None was not given. Raises Misused."""
    for label in labels:
        if meant := _ELSEWHERE.get(label) or _meant(label):
            raise Misused(
                f"farthing.budget() has no {label!r}; did you mean {meant!r}? (Taken for a label, it would limit nothing)"
            )
    settings = {setting: value for setting, value in {"limit": limit, **given}.items() if value is not None}
    for setting in ("limit", "per_call"):
        if setting in settings:
            settings[setting] = money_text(f"farthing.budget(): {setting}", settings[setting])
    window = str(settings.get("window", _PASSING))
    if window != _PASSING and name is None:
        raise Misused(
            f'a budget with a window of its own needs a name: farthing.budget(…, name="nightly", window={window!r})'
        )
    keeps = window != _PASSING
    plain = all(isinstance(value, str | int) for value in settings.values())
    rules = _rules(**settings) if plain else _rules.__wrapped__(**settings)
    return Terms(_named(name, keeps=keeps), labels_of(labels), rules, keeps)


@lru_cache(maxsize=256, typed=True)
def _rules(**given: object) -> Budget:
    """What these settings limit; remembered, as a handler says the same again and again. Raises Misused naming the
    argument."""
    if not _LIMITS & given.keys():  # it only counts
        return Budget(name="", match=(), source="store")
    reader = Reader(Surroundings({}, Path()))
    read = reader.table(file.Budget, {"name": "in code", **given}, ())
    problems = reader.problems or problems_of(file.File(budgets=() if read is None else (read,)))
    if problems or read is None:
        problem = problems[0]
        raise Misused(f"farthing.budget(): {problem.field.removeprefix('budgets[0].')} {problem.message}".strip())
    return msgspec.structs.replace(budgets_of(file.File(budgets=(read,)))[0], source="store")


@lru_cache(maxsize=256)
def _meant(label: str) -> str:
    """The setting that a label looks like; "" where it looks like none."""
    return next(iter(difflib.get_close_matches(label, _SETTINGS, 1, _ALIKE)), "")


def _named(name: str | None, *, keeps: bool) -> str:
    """Each block has a name of its own, so that two of one name, one after the other or at once, never share a limit."""
    unique = secrets.token_hex(6)
    if name is None:
        return f"run-{unique}"
    _value("name", name)
    if name.endswith("*"):
        raise Misused(f"name cannot be {name!r}: a `*` at its end would mean other runs, too")
    return name if keeps else f"{name[: MAX_VALUE - len(unique) - 1]}-{unique}"


def labels_of(labels: Mapping[str, object]) -> Labels:
    """Labels as a call carries them. Raises Misused naming the one that cannot be."""
    for label in labels:
        if label in _OF_THE_FILE:
            raise Misused(
                f"farthing.budget() has no {label!r}: it is a setting of a budget in the file that {CONFIG} names"
            )
        if label == "run":
            raise Misused('a budget is a run of its own: name it with name="…" instead of run="…"')
        if LABEL_NAME.fullmatch(label) is None or label.startswith("run."):
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
