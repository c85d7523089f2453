"""The queries behind the records."""

from farthing.domain.ids import ATTEMPTS as MOST_ATTEMPTS
from farthing.domain.ids import EPOCH_MS
from farthing.domain.record import Labels
from farthing.domain.usage import Usage

NO_ID = 2**63 - 1
"""Above every id."""

OPENING = (
    "id",
    "arrived_ms",
    "key",
    "labels",
    "dialect",
    "route",
    "model",
    "streamed",
    "cap_asked",
    "skeleton",
    "parent",
)
CLOSING = ("id", "outcome", "status", "finished_ms", "first_byte_ms", "code", "detail")
ATTEMPT = ("id", "provider", "model", "book", "bound", "input_bound", "text_bytes", "choices", "opened_ms", "steps")
PROGRESS = (
    "state", "cap", "charges", "posted", "due_ms", "seen", "reason", "cost_nanos", "remainder_picos", "source", "tier",
    "served_model", "response_id", "finish", "flags", "settled_ms",
)  # fmt: skip
USAGE = Usage.__struct_fields__

LAST_ID = "SELECT MAX(COALESCE((SELECT MAX(id) FROM call), 0), COALESCE((SELECT MAX(id) FROM attempt), 0))"

CALL = f"SELECT {', '.join((*OPENING, *CLOSING))} FROM call WHERE id = ?"  # noqa: S608 - names of ours
ATTEMPTS = (
    f"SELECT {', '.join((*ATTEMPT, *PROGRESS, *USAGE))} FROM attempt "  # noqa: S608
    f"WHERE id BETWEEN ? + 1 AND ? + {MOST_ATTEMPTS} ORDER BY id"
)
ADJUSTMENTS = (
    "SELECT attempt, at_ms, by, reason, before, after FROM adjustment "  # noqa: S608
    f"WHERE attempt BETWEEN ? + 1 AND ? + {MOST_ATTEMPTS} ORDER BY id"
)
ACCOUNT = "SELECT budget, value, unit, window FROM account WHERE id = ?"
ACCOUNTS = (
    "SELECT id, budget, value, unit, window, posted, held, unknown, closes_ms FROM account "
    "WHERE id > ?1 AND (?2 IS NULL OR budget = ?2) ORDER BY id LIMIT ?3"
)
PAGE_BACK = "SELECT min(id), count(*) FROM (SELECT id FROM call WHERE id < ? ORDER BY id DESC LIMIT ?)"
PAGE_ON = "SELECT max(id), count(*) FROM (SELECT id FROM call WHERE id > ? ORDER BY id LIMIT ?)"
RESPONSE = "SELECT attempt, tokens FROM response WHERE tenant = ? AND id = ?"
RATIOS = (
    "SELECT id, state = 2 AND source = 'provider' AND text_bytes > 0 AND input_tokens > 0, provider, model, text_bytes, "
    "input_tokens FROM attempt WHERE id < ? ORDER BY id DESC LIMIT ?"
)

# A call's first attempt stands for the call where calls are counted; one that was refused has none.
_FIRST = "(a.id IS NULL OR NOT EXISTS (SELECT 1 FROM attempt b WHERE b.id > c.id AND b.id < a.id))"
_JOIN = f"LEFT JOIN attempt a ON a.id BETWEEN c.id + 1 AND c.id + {MOST_ATTEMPTS}"

SUMMARIES = f"""
SELECT c.id, c.arrived_ms, c.key, c.labels, c.model, c.streamed, c.outcome, c.code, c.status, c.finished_ms,
    count(a.id) FILTER (WHERE a.state < 3),
    ifnull(sum(a.input_tokens), 0),
    ifnull(sum(a.output_tokens), 0),
    ifnull(sum(a.cost_nanos), 0),
    count(a.id) FILTER (WHERE a.state = 2 AND a.source = 'estimate'),
    count(a.id) FILTER (WHERE a.state = 2 AND a.cost_nanos IS NULL),
    count(a.id) FILTER (WHERE a.state < 2)
FROM call c {_JOIN}
WHERE c.id >= ? AND c.id < ? {{where}}
GROUP BY c.id ORDER BY c.id DESC LIMIT ?
"""  # noqa: S608 - names of ours

COUNTS = (
    f"count(*) FILTER (WHERE {_FIRST})",
    f"count(*) FILTER (WHERE {_FIRST} AND c.outcome = 'refused')",
    "count(a.id) FILTER (WHERE a.state < 3)",
    "ifnull(sum(a.cost_nanos), 0)",
    "ifnull(sum(a.remainder_picos), 0)",
    "ifnull(sum(a.cost_nanos) FILTER (WHERE a.source = 'estimate'), 0)",
    "count(a.id) FILTER (WHERE a.state = 2 AND a.cost_nanos IS NULL)",
    "count(a.id) FILTER (WHERE a.state < 2)",
)
_GROUPS = {
    "model": "ifnull(a.model, c.model)",
    "provider": "ifnull(a.provider, '')",
    "key": "c.key",
    "outcome": "ifnull(c.outcome, '')",
    "day": "date(c.arrived_ms / 1000, 'unixepoch')",
}
_LABEL = "ifnull((SELECT value FROM json_each(c.labels) WHERE key = ?), '')"


def filters(*, key: str | None, labels: Labels, outcome: str | None) -> tuple[str, tuple[str, ...]]:
    """The conditions of `recent` as SQL, and the values they wait for."""
    where, values = "", []
    for condition, value in (("AND c.key = ?", key), ("AND c.outcome = ?", outcome)):
        if value is not None:
            where += condition
            values.append(value)
    for label in labels:
        where += "AND EXISTS (SELECT 1 FROM json_each(c.labels) WHERE key = ? AND value = ?)"
        values += label
    return where, tuple(values)


def sums(by: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The query that sums one page of calls by these names, and the label names it waits for first."""
    groups = [_GROUPS.get(name, _LABEL) for name in by]
    usage = [f"ifnull(sum(a.{field}), 0)" for field in USAGE]
    query = (
        f"SELECT {', '.join((*groups, *COUNTS, *usage))} FROM call c {_JOIN} "  # noqa: S608 - names of ours
        "WHERE c.id > ? AND c.id <= ? AND c.arrived_ms >= ? AND c.arrived_ms < ? "
    )
    query += f"GROUP BY {', '.join(str(place) for place in range(1, len(by) + 1)) or 'NULL'}"
    return query, tuple(name for name in by if name not in _GROUPS)


def id_floor(since_ms: int) -> int:
    """An id below those of every call that arrived at or after this moment: ids are never behind the clock that made them."""
    return max(since_ms - EPOCH_MS - _SLACK_MS, 0) << 22


_SLACK_MS = 60_000
"""A call's id may be made a little before its arrival is noted."""
