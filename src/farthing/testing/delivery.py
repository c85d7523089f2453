"""Delivery: sends an answer whole or as a stream, at its pace and with its fault, and puts on the bill what was made."""

import asyncio

import msgspec

from farthing.domain.usage import Usage
from farthing.testing.answer import Answer, Event, Form
from farthing.testing.bill import Bill
from farthing.testing.connection import Connection, Headers
from farthing.testing.errors import of_status
from farthing.testing.faults import Fault
from farthing.testing.spoil import spoiled_body, spoiled_events

_BROKEN = frozenset({"truncate", "error_event", "error_body", "malformed"})
"""Faults after which the client has no proper answer, though the connection ended well."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast answers come. Seconds of real time."""

    first_seconds: float = 0.0
    """Before the headers."""
    event_seconds: float = 0.0
    """Before each event of a stream."""
    tokens_per_event: int = 1


class Tab:
    """The line of one request on the bill."""

    def __init__(self, bill: Bill, number: int, answer: Answer, *, charges: bool) -> None:
        self._bill = bill
        self._number = number
        self._usage = answer.usage
        self._charges = charges

    def settle(self, made: int, outcome: str, status: int) -> None:
        """Charge the input and `made` output tokens. May be called again; the last word counts."""
        usage = Usage()
        if self._charges:
            reasoning = min(self._usage.reasoning_output_tokens, made)
            usage = msgspec.structs.replace(self._usage, output_tokens=made, reasoning_output_tokens=reasoning)
        self._bill.change(self._number, usage=usage, outcome=outcome, status=status)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one answer needs on its way out."""

    connection: Connection
    form: Form
    answer: Answer
    tab: Tab
    fault: Fault | None
    pace: Pace
    headers: Headers
    request_id: str

    async def send(self) -> None:
        """Deliver, whatever the fault makes of it."""
        if await self._failed_before_headers():
            return
        if self.answer.ask.stream:
            await self._send_stream()
        else:
            await self._send_whole()

    @property
    def _kind(self) -> str:
        return "" if self.fault is None else self.fault.kind

    async def _failed_before_headers(self) -> bool:
        """Waiting, silence, resets and refusals: everything that happens before an answer begins."""
        total = self.answer.usage.output_tokens
        wait = self.pace.first_seconds + (self.fault.seconds if self.fault and self._kind == "latency" else 0.0)
        if wait:
            await asyncio.sleep(wait)
        if self.connection.gone:
            self.tab.settle(total, "left", 0)
            return True
        match self._kind:
            case "silence":
                self.tab.settle(total, "broken", 0)
                await self.connection.until_gone()
            case "reset_before_headers":
                self.tab.settle(total, "broken", 0)
                await self.connection.reset()
            case "error":
                await self._refuse(total)
            case _:
                return False
        return True

    async def _refuse(self, total: int) -> None:
        assert self.fault is not None
        self.tab.settle(total, "refused", self.fault.status)
        error = of_status(self.form.maker, self.fault.status, self.fault.retry_after)
        headers = list(self.headers)
        if self.fault.retry_after is not None:
            headers.append((b"retry-after", self.fault.retry_after.encode()))
        body = msgspec.json.encode(self.form.error(error, self.request_id))
        await self.connection.whole(self.fault.status, [*headers, (b"content-type", b"application/json")], body)

    async def _send_whole(self) -> None:
        body = spoiled_body(self.form, self.answer, self.fault, self.request_id)
        headers = [*self.headers, (b"content-type", b"application/json")]
        broken = self._kind in _BROKEN or self._kind.startswith("reset")
        self.tab.settle(self.answer.usage.output_tokens, "broken" if broken else "answered", 200)
        match self._kind:
            case "reset_after_headers" | "reset_mid_body" | "reset_after_events":
                await self.connection.start(200, [*headers, (b"content-length", str(len(body)).encode())])
                if self._kind != "reset_after_headers":
                    await self.connection.write(body[: len(body) // 2])
                await self.connection.reset()
            case "truncate":
                await self.connection.start(200, headers)
                await self.connection.end(body[: len(body) // 2])
            case _:
                await self.connection.whole(200, headers, body)

    async def _send_stream(self) -> None:
        events = self.form.events(self.answer)
        events = spoiled_events(self.form, self.answer, events, self.fault, self.request_id)
        events, tail = self._before_reset(events)
        await self.connection.start(200, [*self.headers, (b"content-type", b"text/event-stream; charset=utf-8")])
        broken = tail is not None or self._kind in _BROKEN - {"malformed"}
        if not await self._send_events(events, "broken" if broken else "answered"):
            return
        if tail is None:
            await self.connection.end()
            return
        if tail:
            await self.connection.write(tail)
        await self.connection.reset()

    def _before_reset(self, events: list[Event]) -> tuple[list[Event], bytes | None]:
        """The events that are sent before a reset, and what of the next one; None where there is no reset."""
        assert events
        match self._kind:
            case "reset_after_headers":
                return [], b""
            case "reset_after_events" if self.fault is not None:
                return events[: self.fault.events], b""
            case "reset_mid_body":
                half = len(events) // 2
                whole = events[half].encoded()
                return events[:half], whole[: len(whole) // 2]
            case _:
                return events, None

    async def _send_events(self, events: list[Event], outcome: str) -> bool:
        """Send them at their pace; False if the client left meanwhile. The bill is settled before the last is sent."""
        wait = self.pace.event_seconds + (self.fault.seconds if self.fault and self._kind == "slow" else 0.0)
        made = 0
        last = events[-1].made if events else 0
        settled = False
        for event in events:
            if wait:
                await asyncio.sleep(wait)
            if self.connection.gone:
                if not settled:
                    self.tab.settle(self._owed(made), "left", 200)
                return False
            made = event.made
            if made == last and not settled:
                self.tab.settle(self._owed(made), outcome, 200)
                settled = True
            await self.connection.write(event.encoded())
        if not settled:
            self.tab.settle(self._owed(made), outcome, 200)
        return True

    def _owed(self, made: int) -> int:
        """What is billed of a stream that told so much: what was asked for in the background is made to its end all the same."""
        return self.answer.usage.output_tokens if self.answer.ask.background else made
