"""Reading a streamed Gemini answer on its way through: usage, output seen, and the end that waits for the money.

Every chunk carries the usage so far, and nothing marks the last one: the stream ends with the bytes. What looks like the
end (every candidate has its `finishReason`) is kept back, with its usage; if output follows after all, it is let go, since
older models say `STOP` in each chunk.
"""

from farthing.domain.usage import Usage
from farthing.wire.dialect import Answered, Note
from farthing.wire.gemini.answer import Candidate, Message, finish_of, kind_of, read_message
from farthing.wire.gemini.models import searches_billed
from farthing.wire.gemini.usage import Reported, canonical, merged, read_reported
from farthing.wire.lenient import NOTHING, UNREADABLE
from farthing.wire.note import with_note
from farthing.wire.sse import Splitter, data_of


class GenerateStream:
    """`Stream` of one Gemini answer."""

    __slots__ = (
        "_at_end", "_events", "_failed", "_finished", "_flaw", "_id", "_kept", "_model", "_queries", "_reported", "_splitter", "broken",
        "ended", "observed", "output_bytes",
    )  # fmt: skip

    def __init__(self, model: str) -> None:
        """`model`: the one that was asked for, until the answer says which it was."""
        self.ended = False
        self.broken = ""
        self.observed = 0
        self.output_bytes = 0
        self._splitter = Splitter()
        self._kept: list[bytes] = []
        self._finished: dict[int, str] = {}
        """What each candidate seen so far ended with; "" while it goes on."""
        self._reported: Reported | None = None
        self._at_end = False
        """Usage was reported together with the end, or behind it."""
        self._queries: dict[int, int] = {}
        self._events = 0
        """Chunks with output; each is at least one token."""
        self._flaw = self._failed = self._id = ""
        self._model = model

    def feed(self, piece: bytes) -> bytes:
        events = self._splitter.feed(piece)
        if self._splitter.too_long:
            self.broken = self.broken or "an event is too long"
        return b"".join([self._passing(event) for event in events])

    def close(self) -> None:
        """The bytes have come to their proper end: so has the answer, if it looked like it."""
        for event in self._splitter.end():
            self._kept.append(self._passing(event))
        if self._is_over():
            self.ended = True

    def finish(self, note: Note | None) -> bytes:
        if note is not None:
            at = next((at for at in reversed(range(len(self._kept))) if data_of(self._kept[at])), None)
            if at is not None:
                self._kept[at] = with_note(self._kept[at], note)
        return self.rest()

    def rest(self) -> bytes:
        return b"".join(self._kept) + self._splitter.rest()

    def answered(self) -> Answered:
        usage, flaw = None, self._flaw
        if self._reported is not None and self._at_end and self._is_over() and not flaw:
            usage, flaw = self._canonical(self._reported)
        finish = finish_of(list(self._finished.values()))
        return Answered(usage=usage, flaw=flaw, model=self._model, id=self._id, finish=finish, failed=self._failed)

    def partial(self) -> Usage | None:
        return None if self._reported is None else self._canonical(self._reported)[0]

    def _canonical(self, reported: Reported) -> tuple[Usage | None, str]:
        searches = searches_billed(self._model, sum(self._queries.values()))
        return canonical(reported, searches=searches, observed=self.output_bytes > 0)

    def _is_over(self) -> bool:
        return bool(self._failed) or (bool(self._finished) and all(self._finished.values()))

    def _passing(self, event: bytes) -> bytes:
        """What may go on now. From what looks like the end on, all is kept, until there is output again."""
        more = self._took_in(event)
        if not self._is_over():
            released, self._kept = [*self._kept, event], []
        elif more:
            released, self._kept = self._kept, [event]
        else:
            released = []
            self._kept.append(event)
        return b"".join(released)

    def _took_in(self, event: bytes) -> bool:
        """Learn from an event; whether it has output."""
        data = data_of(event)
        if not data:
            return False
        try:
            return self._read(read_message(data))
        except UNREADABLE as error:
            self.broken = self.broken or f"an event cannot be read: {error}"
            return False

    def _read(self, message: Message) -> bool:
        self._id = message.response_id or self._id
        self._model = message.model_version or self._model
        if message.error is not None:
            self._failed = kind_of(message.error)
            self.ended = True
        for candidate in message.candidates or ():
            self._candidate(candidate)
        if message.blocked:
            self._finished[-1] = message.blocked
        size = message.size
        if size:
            self._events += 1
            self.output_bytes += size
            self._at_end = False
        self._learn(message)
        return size > 0

    def _candidate(self, candidate: Candidate) -> None:
        number = candidate.index or 0
        if candidate.size or candidate.finish_reason:
            self._finished[number] = candidate.finish_reason or ""
        self._queries[number] = max(self._queries.get(number, 0), candidate.queries)

    def _learn(self, message: Message) -> None:
        if message.usage_metadata != NOTHING:
            try:
                self._reported = merged(self._reported, read_reported(message.usage_metadata))
            except UNREADABLE as error:
                self._flaw = f"usageMetadata cannot be read: {error}"
            else:
                self._at_end = self._is_over()
        self.observed = max(self._events, self._reported.made if self._reported is not None else 0)
