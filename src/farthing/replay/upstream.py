"""A provider without sockets: answers from the record, in made-up time."""

from collections.abc import Callable

from farthing.domain.errors import Ambiguous, Unreachable
from farthing.ports.upstream import Outbound
from farthing.replay.asked import Asked
from farthing.replay.clockwork import VirtualLoop
from farthing.replay.draft import encode_answered, read_sent
from farthing.replay.recorded import Recorded
from farthing.replay.replies import Replies, Reply

_JSON = [(b"content-type", b"application/json")]


class Under:
    """One call under way: what is recorded of it, and what was answered now."""

    __slots__ = ("asked", "call", "reply", "tries")

    def __init__(self, call: Recorded, asked: Asked | None = None) -> None:
        self.call = call
        self.asked = asked or Asked(call)
        """As the policy's levers left it."""
        self.reply: Reply | None = None
        self.tries = 0
        """Attempts that reached for the provider so far."""


class RecordedAnswer:
    """`farthing.ports.upstream.Answer` whose body is a value."""

    def __init__(self, status: int, body: bytes, loop: VirtualLoop, ends_ms: int) -> None:
        self.status = status
        self.headers = list(_JSON)
        self._body = body
        self._loop = loop
        self._ends_ms = ends_ms

    async def read(self) -> bytes:
        body, self._body = self._body, b""
        return body

    async def read_all(self, limit: int) -> bytes:  # noqa: ARG002 - it was short enough then
        await self._loop.until(self._ends_ms)
        return self._body

    async def pour(self, take: Callable[[bytes], bool]) -> bool:  # noqa: ARG002
        raise AssertionError("a recorded answer is read whole")

    def abort(self) -> None:
        """There is no connection."""


class RecordedUpstream:
    """`farthing.ports.upstream.Upstream` of every provider."""

    def __init__(self, replies: Replies, loop: VirtualLoop) -> None:
        self.prompts = replies.prompts
        self._replies = replies
        self._loop = loop
        self.under: dict[int, Under] = {}
        """Calls under way, by id."""

    def skip(self, call: Recorded) -> None:
        """A call of the record is not made."""
        self._replies.note(call)

    async def send(self, request: Outbound) -> RecordedAnswer:
        """The recorded fate of the call, or a simulated answer where what is sent is something else."""
        sent = read_sent(request.body)
        under = self.under[sent.call]
        call = under.call
        under.tries += 1
        if under.tries <= len(call.failures):
            raise Unreachable(call.failures[under.tries - 1])
        if call.outcome == "failed":
            return await self._failed(call)
        if call.outcome == "unknown" and not call.billed:
            raise Ambiguous("nobody ever learned what this call cost")
        now_ms = self._loop.now_ms()
        reply = under.reply = self._replies.reply(call, sent, now_ms, under.asked)
        await self._loop.until(now_ms + reply.first_ms)
        return RecordedAnswer(200, encode_answered(reply.answered), self._loop, now_ms + reply.took_ms)

    async def _failed(self, call: Recorded) -> RecordedAnswer:
        """A call that the provider refused, or could not be reached for, then."""
        now_ms = self._loop.now_ms()
        await self._loop.until(now_ms + max(0, (call.took_ms or 0) - call.waited_ms))
        if 400 <= call.status < 500 or call.status == 529:
            return RecordedAnswer(call.status, b"", self._loop, self._loop.now_ms())
        raise Unreachable("the provider could not be reached then")

    async def close(self) -> None:
        """There is nothing to close."""
