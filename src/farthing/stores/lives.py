"""What may happen to a stored run, decided by the same rules as in memory: each function makes the changed run or refuses."""

from collections.abc import Callable, Iterator

import msgspec

from farthing.domain.errors import BadRequest
from farthing.domain.record import Labels
from farthing.guard.lifecycle import Denied, Runs
from farthing.guard.run import MOST_LANDINGS, Run
from farthing.ports.guards import KnownRun

KEPT_MS = 30 * 86_400_000
"""How long a run is remembered that nobody spoke for any more."""
_DEEPEST = 32

Find = Callable[[str], KnownRun | None]


def started(
    find: Find, name: str, *, now_ms: int, by: str, parent: str, beat_every_ms: int | None, labels: Labels
) -> KnownRun:
    """Announced, or said more of. Raises BadRequest 403 or 409."""
    known = find(name)
    if known is not None and known.ended_ms is None and known.owner != by:
        raise _forbidden(f"run {name} belongs to another key; only that key or an administrator may change it")
    found = _register(find, name, parent).start(name, now_ms=now_ms, by=by, parent=parent, beat_every_ms=beat_every_ms)
    if isinstance(found, Denied):
        raise BadRequest(found.message, field="run", status=409, code="conflict")
    before = labels or (known.labels if known is not None else ())
    return _known(found, before)


def beaten(
    find: Find, name: str, *, now_ms: int, by: str, admin: bool, beat_every_ms: int | None
) -> tuple[KnownRun, bool]:
    """Its owner lives. Also whether that must be kept: others look at half of what is promised. Raises BadRequest."""
    known = find(name)
    if known is None:
        raise BadRequest(f"there is no run {name!r} that was announced", field="path", status=404, code="not_found")
    found = _register(find, name).beat(name, now_ms=now_ms, by=by, admin=admin, every_ms=beat_every_ms)
    if isinstance(found, Denied):
        raise _forbidden(found.message)
    fresh = _known(found, known.labels)
    promised = fresh.beat_every_ms
    due = promised is not None and now_ms - known.beat_ms >= promised // 2
    return fresh, due or promised != known.beat_every_ms or known.gone


def ended(find: Find, name: str, *, now_ms: int, by: str, admin: bool) -> KnownRun:
    """Over for good. Raises BadRequest 403; 404 where somebody who is no administrator ends what was not announced."""
    known = find(name)
    if known is None and not admin:
        raise BadRequest(f"there is no run {name!r} that was announced", field="path", status=404, code="not_found")
    found = _register(find, name).end(name, now_ms=now_ms, by=by, admin=admin)
    if isinstance(found, Denied):
        raise _forbidden(found.message)
    return _known(found, () if known is None else known.labels)


def reopened(find: Find, name: str, *, now_ms: int) -> KnownRun | None:
    """May go on, whatever stopped it; None where nothing is known of it."""
    known = find(name)
    found = _register(find, name).reopen(name, now_ms=now_ms)
    return None if found is None or known is None else _known(found, known.labels)


def landed(find: Find, name: str, *, now_ms: int, agent: str, owner: str) -> KnownRun | None:
    """With this agent's one landing taken; None where it was taken before."""
    known = find(name) or KnownRun(name=name, owner=owner, started_ms=now_ms)
    if agent in known.landed or len(known.landed) >= MOST_LANDINGS:
        return None
    return msgspec.structs.replace(known, landed=(*known.landed, agent))


def unlanded(find: Find, name: str, *, agent: str) -> KnownRun | None:
    """With this agent's landing given back; None where it was not taken."""
    known = find(name)
    if known is None or agent not in known.landed:
        return None
    return msgspec.structs.replace(known, landed=tuple(each for each in known.landed if each != agent))


def _register(find: Find, *names: str) -> Runs:
    """These runs and those above them."""
    every = {each.name: each for name in names for each in _above(find, name)}
    register = Runs()
    for each in every.values():
        register.learn(each)
    return register


def _above(find: Find, name: str) -> Iterator[KnownRun]:
    for _ in range(_DEEPEST):
        known = find(name) if name else None
        if known is None:
            return
        yield known
        name = known.parent


def _known(run: Run, labels: Labels) -> KnownRun:
    return KnownRun(
        name=run.name,
        owner=run.owner,
        parent=run.parent,
        labels=labels,
        started_ms=run.started_ms,
        beat_ms=run.beat_ms,
        beat_every_ms=run.beat_every_ms,
        landed=run.landed,
        ended_ms=run.ended_ms,
        gone=run.gone,
    )


def _forbidden(message: str) -> BadRequest:
    return BadRequest(message, field="run", status=403, code="forbidden")
