"""One key, one answer: a call that is asked for again under its idempotency key is not sent again.

In order: whoever asks while the first is under way waits for its answer; whoever asks later gets the kept one; where the
answer is gone, or the first call is in another process, a 409 says so. A call that sent nothing that may be billed (it
was refused, the provider was unreachable or refused it, its process died before it held money) leaves the key free.
"""

import asyncio
import logging

from farthing.call.drive import drive
from farthing.call.states import NeedsFunds, Refused
from farthing.config.engine import Engine
from farthing.domain.errors import BadRequest, LedgerUnavailable
from farthing.domain.ids import show
from farthing.gateway.claimed import ClaimedDesk, ClaimLost
from farthing.gateway.client import PatientClient
from farthing.gateway.kept import DAY_MS, KeptAnswer, KeptAnswers
from farthing.gateway.recording import RecordingClient
from farthing.gateway.reply import free, send_bytes
from farthing.ports.claims import Claim, Claimed
from farthing.wire.dialect import Dialect

log = logging.getLogger("farthing.gateway")

PATIENCE_SECONDS = 20.0
"""How long a second request waits for the first one's answer, unless its client gives up sooner."""
SWEEP_MS = 3_600_000
"""Claims older than a day are dropped this often."""
_REPLAYED = (b"x-farthing-replayed", b"true")
_SOON = (b"retry-after", b"1")


class _Flight:
    """A call under way in this process."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.over = asyncio.Event()
        self.answer: KeptAnswer | None = None


class Once:
    """Calls with idempotency keys, of one gateway process."""

    def __init__(self, engine: Engine, kept: KeptAnswers | None = None) -> None:
        self._engine = engine
        self._claims = engine.store.claims
        self._kept = kept or KeptAnswers()
        self._flights: dict[tuple[str, str], _Flight] = {}
        self._sweep_ms = 0

    async def serve(self, claim: Claim, state: NeedsFunds | Refused, client: PatientClient, dialect: Dialect) -> None:
        """Answer a call that has a key: from an earlier one, or by making it. Raises BadRequest or LedgerUnavailable."""
        name = (claim.tenant, claim.key)
        patience = _patience_seconds(state)
        while (flight := self._flights.get(name)) is not None:
            if flight.claim.fingerprint != claim.fingerprint:
                raise _reused(claim.key, flight.claim.call)
            if not await _landed(flight, patience):
                await self._in_progress(client, dialect, flight.claim.call)
                return
            if flight.answer is not None:
                await _replay(client, flight.answer)
                return
        flight = self._flights[name] = _Flight(claim)
        try:
            self._land(flight, await self._first(flight, state, client, dialect))
        finally:
            self._land(flight, None)

    def _land(self, flight: _Flight, answer: KeptAnswer | None) -> None:
        """The call is over; those who wait for it may have its answer too. What asks from now on does not wait for it."""
        name = (flight.claim.tenant, flight.claim.key)
        if self._flights.get(name) is flight:
            del self._flights[name]
            flight.answer = answer
            flight.over.set()

    async def _first(
        self, flight: _Flight, state: NeedsFunds | Refused, client: PatientClient, dialect: Dialect
    ) -> KeptAnswer | None:
        """No other request in this process has the key. Returns the answer that those who wait may have too."""
        claim = flight.claim
        found = await asyncio.to_thread(self._claims.claim, claim)
        if isinstance(found, Claimed):
            return await self._make(flight, state, client, dialect)
        if not found.same:
            raise _reused(claim.key, found.call)
        answer = self._kept.find(found.call, self._engine.now_ms())
        if answer is not None:
            await _replay(client, answer)
        elif found.running:
            await self._in_progress(client, dialect, found.call)
        else:
            raise _gone(found.call)
        return answer

    async def _make(
        self, flight: _Flight, state: NeedsFunds | Refused, client: PatientClient, dialect: Dialect
    ) -> KeptAnswer | None:
        claim = flight.claim
        desk = ClaimedDesk(self._engine, self._claims, claim)

        async def first(answer: KeptAnswer) -> None:
            """Its client may try again in the moment it reads this: what cost nothing must not keep the key any more."""
            if await desk.frees_its_key():
                self._land(flight, answer)

        recording = RecordingClient(client, self._kept.each_bytes, first)
        try:
            await drive(state, desk, recording)
        except ClaimLost:
            await self._in_progress(client, dialect, claim.call)
            return None
        finally:
            if recording.answer is not None:
                self._kept.keep(claim.call, recording.answer, self._engine.now_ms())
        await self._sweep()
        return recording.answer

    async def _sweep(self) -> None:
        now_ms = self._engine.now_ms()
        if now_ms < self._sweep_ms:
            return
        self._sweep_ms = now_ms + SWEEP_MS
        try:
            await asyncio.to_thread(self._claims.forget, now_ms - DAY_MS)
        except LedgerUnavailable as error:
            log.warning("old idempotency keys are kept a little longer: %s", error)

    async def _in_progress(self, client: PatientClient, dialect: Dialect, call: int) -> None:
        """The one refusal here that may be tried again as it is."""
        message = (
            f"the call of this idempotency key, {show('call', call)}, is still under way; nothing was sent for this "
            "request. Ask again with the same key"
        )
        body = dialect.error(status=409, message=message, code="idempotency_in_progress", field="idempotency-key")
        await send_bytes(client, 409, body, _SOON, *free(self._engine))


async def _landed(flight: _Flight, seconds: float) -> bool:
    """Whether the call under way was over in time."""
    try:
        await asyncio.wait_for(flight.over.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _patience_seconds(state: NeedsFunds | Refused) -> float:
    """As for money: within four fifths of what the client itself is willing to wait."""
    arrival = state.plan.arrival if isinstance(state, NeedsFunds) else state.arrival
    own = arrival.patience_ms
    return PATIENCE_SECONDS if own is None else min(PATIENCE_SECONDS, own * 0.8 / 1_000)


async def _replay(client: PatientClient, answer: KeptAnswer) -> None:
    headers = [*answer.headers, _REPLAYED]
    if answer.streamed:
        await client.head(answer.status, headers)
        await client.end(answer.body)
    else:
        await client.whole(answer.status, headers, answer.body)


def _reused(key: str, call: int) -> BadRequest:
    return BadRequest(
        f"the idempotency key {key!r} was used for another request, {show('call', call)}; nothing was sent. "
        "Use a new key for a new request",
        field="idempotency-key",
        status=422,
        code="idempotency_key_reused",
    )


def _gone(call: int) -> BadRequest:
    return BadRequest(
        f"the call of this idempotency key, {show('call', call)}, may have been sent and its answer is not kept any "
        "more; it was not sent again. Its receipt says what it cost; use a new key to ask anew",
        field="idempotency-key",
        status=409,
        code="idempotency_answer_gone",
    )
