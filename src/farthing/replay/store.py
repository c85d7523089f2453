"""Our own records as recorded calls, oldest first, one at a time: only the ids of a span are in memory at once."""

import re
from array import array
from collections.abc import Iterator

import msgspec

from farthing.domain.ids import show
from farthing.domain.record import Labels
from farthing.ports.records import AttemptRecord, CallRecord, Records
from farthing.replay.recorded import PER_MESSAGE, Recorded

PAGE = 1_000
"""Lines of the list of calls that are read at once."""
_PER_REQUEST = 8
"""The same around all messages, where no call of its prompt was bounded by bytes."""
_MOST_PROMPTS = 4_096
_WAITED = re.compile(r"waited ([\d,]+) ms")


def ids_between(
    records: Records, *, since_ms: int, until_ms: int, labels: Labels = (), run: str | None = None
) -> "array[int]":
    """Calls that arrived in `since_ms <= t < until_ms`, oldest first. Raises LedgerUnavailable."""
    found = array("q")
    before: int | None = None
    while True:
        page = records.recent(limit=PAGE, before_id=before, labels=labels, run=run)
        found.extend(line.id for line in page if since_ms <= line.arrived_ms < until_ms)
        if len(page) < PAGE or page[-1].arrived_ms < since_ms:
            break
        before = page[-1].id
    found.reverse()
    return found


def calls_of(records: Records, ids: "array[int]") -> Iterator[Recorded]:
    """These calls as they were. Raises LedgerUnavailable."""
    known = _Overheads()
    for number in ids:
        record = records.call(number)
        if record is not None:  # or retention took it away meanwhile
            yield recorded(record, known)


class _Overheads:
    """Template tokens of calls by prompt version: calls bounded by bytes tell, others are taken to be like them, with
    what more messages have more."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        """Of tools and all else that is not a message's."""

    def of(self, record: CallRecord, attempt: AttemptRecord | None) -> int:
        prompt = record.skeleton.prompt_digest
        of_messages = PER_MESSAGE.get(record.opening.dialect, 0) * len(record.skeleton.messages)
        if attempt is not None and attempt.opening.bound == "bytes":
            tokens = attempt.opening.input_bound - attempt.opening.text_bytes
            if len(self._known) >= _MOST_PROMPTS:
                self._known.clear()
            self._known[prompt] = tokens - of_messages
            return tokens
        return self._known.get(prompt, _PER_REQUEST) + of_messages


def recorded(record: CallRecord, known: _Overheads | None = None) -> Recorded:
    """One record as replay sees it."""
    opening, closing, skeleton = record.opening, record.closing, record.skeleton
    attempt = _billed(record)
    last = attempt or (record.attempts[-1] if record.attempts else None)
    at = None if last is None else last.opening
    return Recorded(
        id=opening.id,
        arrived_ms=opening.arrived_ms,
        origin=show("call", opening.id),
        key=opening.key,
        labels=opening.labels,
        dialect=opening.dialect,
        route=opening.route,
        model=opening.model,
        provider=at.provider if at else "",
        sent_model=at.model if at else "",
        streamed=opening.streamed,
        cap_asked=opening.cap_asked,
        cap=last.cap if last else 0,
        choices=at.choices if at else 1,
        text_bytes=at.text_bytes if at else skeleton.text_bytes,
        overhead_tokens=(known or _Overheads()).of(record, last),
        bound=at.bound if at else "",
        input_bound=at.input_bound if at else 0,
        skeleton=opening.skeleton or msgspec.json.encode(skeleton),
        outcome=closing.outcome if closing else "",
        code=closing.code if closing else "",
        status=closing.status if closing else 0,
        attempts=len(record.attempts),
        failures=tuple(each.reason for each in record.attempts[:-1] if each.state == "void"),
        usage=attempt.usage if attempt else None,
        cost_nanos=attempt.cost_nanos if attempt else 0,
        remainder_picos=attempt.remainder_picos if attempt else 0,
        source=attempt.source if attempt else "",
        tier=attempt.tier if attempt else "",
        finish=attempt.finish if attempt else "",
        flags=last.flags if last else (),
        waited_ms=_waited(opening.arrived_ms, last),
        first_byte_ms=closing.first_byte_ms if closing else None,
        finished_ms=closing.finished_ms if closing else None,
    )


def _billed(record: CallRecord) -> AttemptRecord | None:
    """The attempt that was billed: only one that was certainly not sent is followed by another."""
    return next((each for each in reversed(record.attempts) if each.state == "settled"), None)


def _waited(arrived_ms: int, attempt: AttemptRecord | None) -> int:
    """Milliseconds before its last attempt was sent: earlier attempts, people, and money that others held."""
    if attempt is None:
        return 0
    told = (_WAITED.match(step.did) for step in attempt.opening.steps if step.stage == "wait")
    waited = sum(int(found[1].replace(",", "")) for found in told if found)
    return max(0, attempt.opening.opened_ms - arrived_ms) + waited
