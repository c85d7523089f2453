"""What every store of claims promises, held against each backend beside its own ledger."""

import asyncio

import msgspec
import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Charge, Loss, Reserve, Settlement, Spent, Void
from farthing.domain.ids import Mint, attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.ports.claims import Claim, Claimed, Taken
from farthing.stores.memory.claims import MemoryClaims
from farthing.stores.sqlite.claims import SqliteClaims
from support.ledgers import Clock, close_ledger, make_ledger

DAY_MS = 86_400_000
PRINT = b"\x01" * 32


class Backend:
    """Claims, the ledger they stand beside, and calls to make claims with."""

    def __init__(self, kind, path):
        self.clock = Clock()
        self.mint = Mint(5)
        self.ledger = make_ledger(kind, path, self.clock)
        self.claims = MemoryClaims(self.ledger.records) if kind == "memory" else SqliteClaims(path / "ledger.db")

    def call(self, key="k", tenant="t", fingerprint=PRINT):
        now = self.clock.now_ms
        return Claim(tenant=tenant, key=key, fingerprint=fingerprint, call=self.mint(now), at_ms=now)

    async def reserve(self, claim, ordinal=1):
        """Hold for an attempt, and ask whose the key is, as a call must."""
        attempt = attempt_id(claim.call, ordinal)
        opening = AttemptOpening(
            id=attempt,
            call_id=claim.call,
            ordinal=ordinal,
            provider="p",
            model="m",
            book="",
            bound="bytes",
            input_bound=1,
        )
        charge = Charge(AccountKey("all", "", Unit.CALLS, "lifetime"), 1, 0)
        row = CallOpening(id=claim.call, arrived_ms=claim.at_ms) if ordinal == 1 else None
        await self.ledger.reserve(Reserve(opening=opening, call=row, charges=(charge,), cap=1, floor=1))
        return attempt


@pytest.fixture(params=["memory", "sqlite"])
def run(request, tmp_path):
    """Run `act(backend)` on a loop of its own."""

    def runs(act):
        async def main():
            backend = Backend(request.param, tmp_path)
            try:
                return await act(backend)
            finally:
                backend.claims.close()
                await close_ledger(backend.ledger)

        return asyncio.run(main())

    return runs


async def end(backend, attempt, how):
    """Bring an attempt to this state, durably."""
    now = backend.clock.now_ms
    if how == "void":
        backend.ledger.void(Void(attempt=attempt, reason="nothing was sent", at_ms=now))
    elif how == "unknown":
        backend.ledger.lose(Loss(attempt=attempt, seen=Spent(), due_ms=now + 10 * DAY_MS, reason="lost"))
    elif how == "settled":
        settled = Settlement(attempt=attempt, spent=Spent(), usage=Usage(), cost_nanos=1, settled_ms=now)
        backend.ledger.settle(settled)
    await backend.ledger.flush()


def test_i12_a_key_is_claimed_once_and_told_so_to_whoever_claims_it_again(run):
    async def act(backend):
        first = backend.call()
        assert backend.claims.claim(first) == Claimed()
        assert backend.claims.claim(first) == Claimed()
        assert backend.claims.holds(first)

    run(act)


def test_i12_another_body_is_told_apart_and_changes_nothing(run):
    async def act(backend):
        first, other = backend.call(), backend.call(fingerprint=b"\x02" * 32)
        backend.claims.claim(first)
        assert backend.claims.claim(other) == Taken(call=first.call, same=False)
        assert backend.claims.holds(first)
        assert not backend.claims.holds(other)

    run(act)


def test_i26_equal_keys_of_two_tenants_have_nothing_to_do_with_each_other(run):
    async def act(backend):
        for tenant in ("a", "b"):
            claim = backend.call(tenant=tenant)
            assert backend.claims.claim(claim) == Claimed()
            await backend.reserve(claim)
            assert backend.claims.holds(claim)

    run(act)


def test_i12_a_call_that_never_reserved_gives_its_key_to_the_next(run):
    async def act(backend):
        dead, retry = backend.call(), backend.call()
        backend.claims.claim(dead)
        assert backend.claims.claim(retry) == Claimed(instead_of=dead.call)
        assert backend.claims.holds(retry)

    run(act)


def test_i12_whoever_lost_its_key_before_it_reserved_may_not_send(run):
    """The first call waits for money while the second takes its place: after its reserve it is told no."""

    async def act(backend):
        slow, quick = backend.call(), backend.call()
        backend.claims.claim(slow)
        assert backend.claims.claim(quick) == Claimed(instead_of=slow.call)
        await backend.reserve(slow)
        assert not backend.claims.holds(slow)
        await backend.reserve(quick)
        assert backend.claims.holds(quick)

    run(act)


@pytest.mark.parametrize(("state", "running"), [("held", True), ("unknown", False), ("settled", False)])
def test_i12_a_call_that_may_have_been_sent_keeps_its_key(run, state, running):
    async def act(backend):
        first = backend.call()
        backend.claims.claim(first)
        attempt = await backend.reserve(first)
        assert backend.claims.holds(first)
        await end(backend, attempt, state)
        assert backend.claims.claim(backend.call()) == Taken(call=first.call, same=True, running=running)
        assert backend.claims.holds(first)

    run(act)


def test_i12_a_call_whose_every_attempt_is_void_gives_its_key_to_the_next(run):
    async def act(backend):
        first, second, third = backend.call(), backend.call(), backend.call()
        backend.claims.claim(first)
        for ordinal in (1, 2):
            attempt = await backend.reserve(first, ordinal)
            assert backend.claims.holds(first)
            await end(backend, attempt, "void")
        assert backend.claims.claim(second) == Claimed(instead_of=first.call)
        attempt = await backend.reserve(second)
        assert backend.claims.holds(second)
        await end(backend, attempt, "settled")
        assert backend.claims.claim(third) == Taken(call=second.call, same=True)

    run(act)


def test_i12_one_void_attempt_beside_another_that_was_sent_frees_nothing(run):
    async def act(backend):
        first = backend.call()
        backend.claims.claim(first)
        for ordinal, state in ((1, "void"), (2, "unknown"), (3, "void")):
            attempt = await backend.reserve(first, ordinal)
            assert backend.claims.holds(first)
            await end(backend, attempt, state)
        assert backend.claims.claim(backend.call()) == Taken(call=first.call, same=True)

    run(act)


def test_a_refused_call_gives_its_key_to_the_next(run):
    async def act(backend):
        first, second = backend.call(), backend.call()
        backend.claims.claim(first)
        closing = CallClosing(id=first.call, outcome="refused", status=402, finished_ms=first.at_ms)
        backend.ledger.refuse(CallOpening(id=first.call, arrived_ms=first.at_ms), closing)
        await backend.ledger.flush()
        assert backend.claims.claim(second) == Claimed(instead_of=first.call)

    run(act)


def test_the_attempts_of_neighbouring_calls_are_not_taken_for_this_calls(run):
    """Ids lie close together: the call before and the call after are sent, this one is not."""

    async def act(backend):
        before, middle, after = (backend.call(key=key) for key in "abc")
        for claim in (before, middle, after):
            backend.claims.claim(claim)
        for ordinal in (1, 15):
            await backend.reserve(before, ordinal)
        await backend.reserve(after)
        assert isinstance(backend.claims.claim(backend.call(key="b")), Claimed)

    run(act)


def test_claims_are_forgotten_by_age_but_never_under_an_open_hold(run):
    async def act(backend):
        attempts = {}
        for state in ("none", "void", "settled", "unknown", "held"):
            claim = backend.call(key=state)
            backend.claims.claim(claim)
            if state != "none":
                attempts[state] = await backend.reserve(claim)
                backend.claims.holds(claim)
                await end(backend, attempts[state], state)
        made_ms = backend.clock.now_ms
        assert backend.claims.forget(made_ms) == 0
        backend.clock.now_ms += DAY_MS
        young = backend.call(key="young")
        backend.claims.claim(young)
        assert backend.claims.forget(made_ms + 1) == 3
        assert backend.claims.claim(backend.call(key="settled")) == Claimed()
        for state in ("unknown", "held"):
            assert isinstance(backend.claims.claim(backend.call(key=state)), Taken)
            await end(backend, attempts[state], "settled")
        assert backend.claims.holds(young)
        assert backend.claims.forget(made_ms + 1) == 2

    run(act)


def test_a_claim_keeps_any_key_as_it_is(run):
    async def act(backend):
        for key in ("a", "A", "a ", "' OR 1=1 --", "x" * 255):
            assert backend.claims.claim(backend.call(key=key)) == Claimed()
        first = backend.call(key="a")
        assert backend.claims.claim(msgspec.structs.replace(first, key="A")) != Claimed()

    run(act)
