"""Filters in a page's address: `where=team:support`, any number of them; and what can be grouped and filtered by."""

from collections.abc import Iterable
from urllib.parse import urlencode

from farthing.accounts.attribution import LABEL_NAME
from farthing.dashboard.forms import Query
from farthing.domain.record import Labels
from farthing.ports.history import NAMES
from farthing.ports.records import CallSummary

USUAL = ("team", "user", "agent", "workflow", "run", "step")
TIMES = ("hour", "day", "month")
MOST = 12


def where_of(query: Query) -> Labels:
    """The filters of an address, sorted; what is none is left out. Of two on one name the last holds."""
    found: dict[str, str] = {}
    for said in query.every("where")[:MOST]:
        name, colon, value = said.partition(":")
        if colon and LABEL_NAME.fullmatch(name):
            found[name] = value
    return tuple(sorted(found.items()))


def names_of(calls: Iterable[CallSummary]) -> tuple[str, ...]:
    """What can be grouped by: the usual labels, those of these calls, and what every call has."""
    seen = sorted({name for call in calls for name, _ in call.labels} - {*USUAL, *NAMES})
    return (*USUAL, *seen, *NAMES)


def with_filter(query: Query, name: str, value: str) -> str:
    """The same address with one more filter."""
    kept = [pair for pair in query.pairs if pair[0] not in ("where", "page", "done") or _is_other(pair, name)]
    return urlencode([*kept, ("where", f"{name}:{value}")])


def without_filter(query: Query, name: str) -> str:
    """The same address without the filter on this name."""
    return urlencode(
        [pair for pair in query.pairs if pair[0] != "page" and (pair[0] != "where" or _is_other(pair, name))]
    )


def _is_other(pair: tuple[str, str], name: str) -> bool:
    return pair[0] == "where" and pair[1].partition(":")[0] != name
