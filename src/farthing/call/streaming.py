"""Answering → Over, for a stream: relayed as it arrives, settled before its end is shown, cut when it passes its cap."""

from farthing.call.closing import closing
from farthing.call.desk import Desk
from farthing.call.drain import Drain
from farthing.call.holding import Holding
from farthing.call.said import funded, note, passed_on
from farthing.call.states import OVER, Answering, State
from farthing.call.steering import observe_break
from farthing.call.whole import why_unknown
from farthing.domain.errors import Ambiguous
from farthing.ports.client import Client
from farthing.ports.upstream import Answer
from farthing.wire.dialect import Stream

_TRAILING_PIECES = 8


async def relay(state: Answering, desk: Desk, client: Client) -> State:
    """Relay events until the stream ends, breaks, or must be cut. A client that leaves does not make tokens free."""
    holding, answer = state.holding, state.answer
    stream = holding.plan.arrival.draft.stream()
    begun_ms = desk.now_ms() - holding.plan.arrival.arrived_ms
    await client.head(answer.status, funded(holding) + passed_on(answer.headers))
    try:
        why = await _pump(state, stream, desk, client)
    except BaseException:  # this task is stopped: what was seen so far must not be forgotten with it
        _account_cut(holding, stream, desk, "interrupted", 499)
        raise
    if stream.ended:
        _settle(holding, stream, desk, client, begun_ms)
        await client.end(stream.finish(note(holding)))
        await _read_out(answer)
    else:
        answer.abort()
        if stream.observed <= holding.most_output:
            observe_break(holding, desk, client)
        await _break_off(holding, stream, desk, client, why)
    return OVER


async def _pump(state: Answering, stream: Stream, desk: Desk, client: Client) -> str:
    """Pour the answer to the client until the stream's own end. Returns why it stopped short, "" where it did not.

    No queue stands between the two sockets: while the client does not read, beyond its read-ahead, neither do we.
    """
    answer = state.answer
    drain = Drain(desk, client, answer)
    passing = _Passing(stream, client, state.holding.most_output)
    try:
        while not (await answer.pour(passing.on) or passing.over):
            await client.drained()
    except Ambiguous as failure:
        return drain.gave_up or str(failure)
    finally:
        drain.end()
    if not passing.over:
        stream.close()
    if stream.ended:
        return ""
    return drain.gave_up or passing.why or "the stream ended early"


class _Passing:
    """Passes pieces on in the moment they arrive, without a task switch, until the stream is over or must be cut."""

    __slots__ = ("_feed", "_most", "_stream", "_write", "over", "why")

    def __init__(self, stream: Stream, client: Client, most: int) -> None:
        self._stream = stream
        self._feed = stream.feed
        self._write = client.write
        self._most = most
        """Output tokens beyond which the stream is cut."""
        self.over = False
        """Nothing more is wanted: the stream's own end is here, or it must be cut."""
        self.why = ""
        """Why it must be cut; "" where it must not."""

    def on(self, piece: bytes) -> bool:
        """Whether the next piece may come at once: not when this was the last, nor before the client has caught up."""
        stream, out = self._stream, self._feed(piece)
        if stream.broken:
            self.why = stream.broken
        elif stream.observed > self._most and not stream.ended:
            self.why = "the stream went past its output cap"
        else:
            self.over = stream.ended
            return (not out or self._write(out)) and not self.over
        self.over = True
        return False


async def _read_out(answer: Answer) -> None:
    """Take what follows the stream's own end (the last chunk of HTTP), so that the connection can serve again."""
    try:
        for _ in range(_TRAILING_PIECES):
            if not await answer.read():
                return
    except Ambiguous:
        return  # the money is settled and the client has its answer; only the connection is lost


def _settle(holding: Holding, stream: Stream, desk: Desk, client: Client, begun_ms: int) -> None:
    """The stream came to its own end: post its usage, or keep the hold where it reported none."""
    arrival = holding.plan.arrival
    answered = stream.answered()
    flags = ("drained",) if client.gone else ()
    status = 499 if client.gone else 200
    if answered.usage is not None and not answered.failed:
        end = closing(arrival, desk.now_ms(), "paid", status, first_byte_ms=begun_ms)
        holding.settle(answered, answered.usage, end, *flags)
        return
    reason = why_unknown(answered)
    end = closing(arrival, desk.now_ms(), "unknown", status, first_byte_ms=begun_ms, detail=reason)
    holding.lose(reason, end, *flags, answered=answered, observed=stream.observed)


async def _break_off(holding: Holding, stream: Stream, desk: Desk, client: Client, why: str) -> None:
    """The stream did not reach its own end: account for it, and tell the client."""
    cut = _account_cut(holding, stream, desk, why, 499 if client.gone else 200)
    code = "output_cap_passed" if cut else "upstream_broken"
    await client.body(stream.rest() + holding.plan.arrival.dialect.stream_error(message=why, code=code))
    await client.cut()


def _account_cut(holding: Holding, stream: Stream, desk: Desk, why: str, status: int) -> bool:
    """Settle if the final usage was seen, else it is unknown. Returns whether the stream went past its cap."""
    arrival = holding.plan.arrival
    answered = stream.answered()
    cut = stream.observed > holding.most_output
    if answered.usage is not None and not answered.failed and not stream.broken:
        end = closing(arrival, desk.now_ms(), "paid", status, detail=why)
        holding.settle(answered, answered.usage, end, "truncated")
    else:
        end = closing(arrival, desk.now_ms(), "unknown", status, detail=why)
        holding.lose(why, end, "cut" if cut else "truncated", answered=answered, observed=stream.observed)
    return cut
