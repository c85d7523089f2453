"""The replay itself: recorded calls arrive again, in their own time, at the engine of another policy.

A call comes when it came; where its run was held up before, later by as much. After a refusal that the record does not
have, and after a last answer, a run makes no more calls.
"""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from farthing.call.drive import drive
from farthing.call.entering import enter, release
from farthing.call.landing import FLAG as LANDING
from farthing.domain.errors import BadRequest
from farthing.domain.usage import Usage
from farthing.replay.answers import Answers
from farthing.replay.clockwork import VirtualLoop, run_from
from farthing.replay.desk import Caller
from farthing.replay.ledger import Fate
from farthing.replay.recorded import Recorded
from farthing.replay.upstream import Under
from farthing.replay.world import World

RETRIES = 2
"""How often a client comes back after a 429: what the makers' own clients do unless told otherwise."""
NOT_MADE = "not made"
"""The outcome of a call whose run had ended before."""
CACHED = "cached"
"""The outcome of a call that another one's answer was kept for."""
LEFT_OUT = frozenset({"", "unsent"})
"""Outcomes that no policy made: the client left, or the call never ended."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call under the policy, beside what it was."""

    call: Recorded
    outcome: str
    """As in `CallClosing`, or `not made`, or `cached`."""
    code: str = ""
    """The refusal's code; of a call that was not made, why its run had ended."""
    model: str = ""
    usage: Usage | None = None
    """None where nothing was billed."""
    cost_nanos: int | None = 0
    """None: it was billed, and nobody knows the price."""
    why: tuple[str, ...] = ()
    """What is simulated in it; empty: its usage is the recorded one."""
    repriced: bool = False
    """The recorded usage, at a price that the policy changes."""
    flags: tuple[str, ...] = ()
    cap: int = 0
    clamped: bool = False
    took_ms: int | None = None
    """From arrival to the end; None where nobody measured it then."""
    late_ms: int = 0
    """How much later than recorded it arrived."""
    left_out: int = 0
    """Input tokens of messages that the policy leaves out."""
    astray: int | None = None
    """As in `farthing.replay.recaching.astray`."""
    otherwise: str = ""
    """What the engine came to now, where the policy is the recorded one and the record says something else."""


class _Run:
    """How far one run has come."""

    __slots__ = ("ended", "shift_ms", "tail", "tail_finished_ms")

    def __init__(self) -> None:
        self.ended = ""
        """Why it makes no more calls; "" while it does."""
        self.shift_ms = 0
        self.tail: asyncio.Task[None] | None = None
        self.tail_finished_ms: int | None = None


class Replay:
    """One policy over one recording."""

    def __init__(self, world: World, take: Callable[[Replayed], None], *, goes_on: bool = False) -> None:
        """`take` is given each call as it ends. `goes_on`: runs make all their calls, whatever is refused.

        Under the recorded policy the record is right wherever the engine comes to something else: accounts stood
        otherwise when the recording began, or calls overlapped otherwise.
        """
        self._world = world
        self._take = take
        self._goes_on = goes_on
        self._recorded = world.recorded
        self._runs: dict[str, _Run] = {}
        kept_ms = world.levers.exact_ms
        self._answers = None if kept_ms is None else Answers(kept_ms)

    def run(self, calls: Iterable[Recorded]) -> None:
        """Replay calls in order of arrival; returns when the last one has ended."""
        first, rest = _first_of(calls)
        if first is not None:
            run_from(first.arrived_ms, lambda loop: self._feed(loop, first, rest))

    async def _feed(self, loop: VirtualLoop, first: Recorded, rest: Iterable[Recorded]) -> None:
        self._loop = loop
        self._open = self._world.open(loop)
        try:
            async with asyncio.TaskGroup() as group:
                self._start(group, first)
                for call in rest:
                    await loop.until(call.arrived_ms)
                    await asyncio.sleep(0)  # what ends in this very moment ends first
                    self._start(group, call)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    def _start(self, group: asyncio.TaskGroup, call: Recorded) -> None:
        name = call.run
        run = self._runs.setdefault(name, _Run()) if name else _Run()
        before = run.tail if run.tail_finished_ms is not None and run.tail_finished_ms <= call.arrived_ms else None
        task = group.create_task(self._visit(call, run, before))
        run.tail, run.tail_finished_ms = task, call.finished_ms

    async def _visit(self, call: Recorded, run: _Run, before: "asyncio.Task[None] | None") -> None:
        if before is not None and not before.done():
            await before
        if run.ended:
            self._take(Replayed(call=call, outcome=NOT_MADE, code=run.ended))
            self._open.upstream.skip(call)
            return
        if call.outcome in LEFT_OUT or (self._recorded and call.outcome == "refused"):
            self._take(_as_it_was(call))
            return
        arrives_ms = call.arrived_ms + run.shift_ms
        await self._loop.until(arrives_ms)
        if known := self._answers.find(call, arrives_ms) if self._answers is not None else "":
            self._take(Replayed(call=call, outcome=CACHED, model=call.sent_model, why=(known,)))
            self._open.upstream.skip(call)
            return
        replayed = await self._make(call, arrives_ms)
        if self._answers is not None and replayed.outcome == "paid":
            self._answers.keep(call, self._loop.now_ms())
        if self._recorded:
            replayed = _held_to(call, replayed)
        if call.finished_ms is not None:
            run.shift_ms = max(0, self._loop.now_ms() - call.finished_ms)
        if not self._goes_on:
            run.ended = _ends(call, replayed)
        self._take(replayed)

    async def _make(self, call: Recorded, arrives_ms: int) -> Replayed:
        """The call through the engine, as often as a client would try."""
        opened, world = self._open, self._world
        asked = world.levers.asked(call, opened.upstream.prompts)
        under = opened.upstream.under[call.id] = Under(call, asked)
        stands = world.stands(call)
        if stands is not None:
            opened.ledger.stands[call.id] = stands
        try:
            for left in range(RETRIES, -1, -1):
                client = await self._call(asked.call)
                pause = client.retry_after_seconds
                if pause is None or not left:
                    break
                await asyncio.sleep(pause)
        except BadRequest as bad:
            return Replayed(call=call, outcome="failed", code=bad.code)
        finally:
            del opened.upstream.under[call.id]
            opened.ledger.stands.pop(call.id, None)
            fate = opened.ledger.fates.take(call.id)
        if under.reply is None:
            opened.upstream.skip(call)
        took = None if call.finished_ms is None else self._loop.now_ms() - arrives_ms
        return _replayed(call, fate, under, took, arrives_ms - call.arrived_ms, repriced=stands is None)

    async def _call(self, call: Recorded) -> Caller:
        desk, client = self._open.desk, Caller()
        state = await enter(self._world.arrival(call, self._loop.now_ms()), desk.rules, desk)
        try:
            await drive(state, desk, client)
        finally:
            release(state, desk)
        return client


def _replayed(call: Recorded, fate: Fate, under: Under, took: int | None, late: int, *, repriced: bool) -> Replayed:
    closing = fate.closing
    settled = fate.state == "settled"
    reply, asked = under.reply, under.asked.call
    left = call.usage.input_tokens - asked.usage.input_tokens if call.usage and asked.usage else 0
    return Replayed(
        call=call,
        outcome=closing.outcome if closing is not None else "unknown",
        code=closing.code if closing is not None else "",
        model=fate.model,
        usage=fate.usage if settled else None,
        cost_nanos=fate.cost_nanos if settled else None if fate.state == "unknown" else 0,
        why=reply.why if reply is not None else (),
        repriced=repriced and settled and fate.cost_nanos != call.cost_nanos,
        flags=fate.flags,
        cap=fate.cap,
        clamped=fate.clamped,
        took_ms=took,
        late_ms=late,
        left_out=left if settled else 0,
        astray=reply.astray if reply is not None else None,
    )


def _as_it_was(call: Recorded, otherwise: str = "") -> Replayed:
    """The record itself."""
    return Replayed(
        call=call,
        outcome=call.outcome or "unknown",
        code=call.code,
        model=call.sent_model,
        usage=call.usage,
        cost_nanos=call.cost_nanos,
        flags=call.flags,
        cap=call.cap,
        took_ms=call.took_ms,
        otherwise=otherwise,
    )


def _held_to(call: Recorded, now: Replayed) -> Replayed:
    """What was replayed under the recorded policy, where it agrees with the record; else the record."""
    if (now.usage, now.cost_nanos if now.usage else None) == (call.usage, call.cost_nanos if call.usage else None):
        return now
    return _as_it_was(call, now.code or now.outcome)


def _ends(call: Recorded, now: Replayed) -> str:
    """Why a run makes no more calls after this one; "" where it goes on, as it does after whatever it met before."""
    if now.outcome == "refused" and call.outcome != "refused":
        return now.code
    return LANDING if LANDING in now.flags and LANDING not in call.flags else ""


def _first_of(calls: Iterable[Recorded]) -> tuple[Recorded | None, Iterable[Recorded]]:
    rest = iter(calls)
    return next(rest, None), rest
