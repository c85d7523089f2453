"""Limits of runs that are over: what died without a word, or was ended elsewhere, gives up its place among a key's budgets.

A run is ended before its limits go, so that no call in its name is ever without them; its records and totals stay. An
orphan may come back with a heartbeat, so it has an hour for that, or less where its key needs the place for a new run.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from farthing.config.engine import Engine
from farthing.domain.budget import Budget
from farthing.domain.errors import BadRequest, FarthingError
from farthing.guard.run import Run

BY = "farthing"
"""Who it was, for the audit."""
ORPHANS_KEPT_MS = 3_600_000
MOST = 200
"""Budgets let go at one time: each is a transaction of its own."""
LABEL = re.compile(r"run(\.[1-9]\d?)?")
WINDOW = "lifetime"
"""The window of a budget that ends with its run."""

log = logging.getLogger("farthing.gateway")


class Limits(NamedTuple):
    """A stored budget that limits one run, or a part of one."""

    budget: Budget
    run: str
    key: str
    """Whose it is; "" without keys."""


def stored_as(label: str, name: str, key: str | None) -> str:
    """The name of a run's budget among all budgets; `key` None: it was made without one."""
    return f"{label} {name}" if key is None else f"{label} {name} of {key}"


def limits_among(budgets: Iterable[Budget]) -> tuple[Limits, ...]:
    """Those that end with a run, as `run_budgets` makes them."""
    return tuple(filter(None, map(_limits, budgets)))


async def release(engine: Engine, *, key: str | None = None, for_ms: int = ORPHANS_KEPT_MS, most: int = MOST) -> int:
    """Let go of the limits of runs that ended, then of orphans that nothing was heard of for so long, the longest untouched
    first, and `most` in all; of this key only, where one is named. How many went. Raises LedgerUnavailable."""
    if engine.guards is None:
        return 0
    over = {run.name: run for run in engine.guards.runs.left_behind(now_ms=engine.now_ms(), for_ms=for_ms)}
    if not over:
        return 0
    stored = (await asyncio.to_thread(engine.directory.load)).budgets
    found = [each for each in limits_among(stored) if key in (None, each.key) and _stops(over.get(each.run), each)]
    places = {name: place for place, name in enumerate(over)}
    found.sort(key=lambda each: (over[each.run].ended_ms is None, places[each.run]))
    await let_go(engine, found[:most], [run for run in over.values() if run.ended_ms is None])
    return len(found[:most])


async def let_go(engine: Engine, limits: Iterable[Limits], orphans: Iterable[Run] = ()) -> None:
    """Remove these budgets; those of `orphans` that they are of are ended first. Raises LedgerUnavailable."""
    gone = tuple(limits)
    if not gone:
        return
    named = {each.run for each in gone}
    ending = [run.name for run in orphans if run.name in named]
    for name in ending:
        await asyncio.to_thread(engine.store.guards.end, name, by="", admin=True, who=BY)
    if ending:
        await engine.take_up()
    for each in gone:
        with suppress(BadRequest):  # another gateway on this store was first
            await asyncio.to_thread(engine.directory.remove_budget, each.budget.name, BY)
    await engine.take_up()


async def release_what_is_over(engine: Engine) -> None:
    """As often as somebody likes: a store that cannot be used now is asked again."""
    try:
        count = await release(engine)
    except FarthingError as error:
        log.warning("limits of runs that are over are kept a little longer: %s", error)
        return
    if count:
        log.info("%d budgets of runs that are over were let go; what they counted stays on record", count)


def _limits(budget: Budget) -> Limits | None:
    match = dict(budget.match)
    run = match.get("run")
    if run is None or budget.window != WINDOW:
        return None
    for label, value in match.items():
        stem = stored_as(label, value, None)
        if LABEL.fullmatch(label) is not None and budget.name == stem:
            return Limits(budget, run, "")
        if LABEL.fullmatch(label) is not None and budget.name.startswith(f"{stem} of "):
            return Limits(budget, run, budget.name.removeprefix(f"{stem} of "))
    return None


def _stops(run: Run | None, limits: Limits) -> bool:
    """Whether the end of this run refuses the calls that these limits are for: another key's goes on."""
    return run is not None and run.owner in ("", limits.key)
