"""Suspended subjects, found by what a call carries."""

from collections.abc import Iterable

from farthing.domain.labels import fits
from farthing.domain.record import Labels
from farthing.domain.suspension import KEY, Suspension


class Suspensions:
    """A frozen set of suspensions, found by what a call carries. A later one of the same subject replaces an earlier."""

    __slots__ = ("_exact", "_patterns")

    def __init__(self, stored: Iterable[Suspension] = ()) -> None:
        latest = {suspension.subject: suspension for suspension in stored}
        self._exact = {subject: it for subject, it in latest.items() if not it.value.endswith("*")}
        self._patterns = tuple(it for it in latest.values() if it.value.endswith("*"))

    def find(self, labels: Labels, *, now_ms: int, key: str = "") -> Suspension | None:
        """The suspension a call falls under, or None; of several the one that lasts longest.

        All labels tell here, trusted or not: whoever claims to be a suspended user is refused, and nobody else.
        A label that happens to be called `key` is not the key.
        """
        if not self._exact and not self._patterns:
            return None
        pairs = [pair for pair in labels if pair[0] != KEY]
        if key:
            pairs.append((KEY, key))
        found = [self._exact[pair] for pair in pairs if pair in self._exact]
        found += [
            it for it in self._patterns if any(label == it.label and fits(it.value, value) for label, value in pairs)
        ]
        in_force = [it for it in found if it.in_force(now_ms)]
        return max(in_force, key=_lasts, default=None)

    def all(self, now_ms: int) -> tuple[Suspension, ...]:
        """Those in force, by subject."""
        both = (*self._exact.values(), *self._patterns)
        return tuple(sorted((it for it in both if it.in_force(now_ms)), key=lambda it: it.subject))

    def __len__(self) -> int:
        return len(self._exact) + len(self._patterns)


def _lasts(suspension: Suspension) -> tuple[bool, int]:
    return (suspension.until_ms is None, suspension.until_ms or 0)
