"""Claims in memory: what they take for sent when the record itself is forgotten."""

import asyncio

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Charge, Reserve
from farthing.domain.ids import Mint, attempt_id
from farthing.domain.record import AttemptOpening, CallOpening
from farthing.ports.claims import Claim, Claimed, Taken
from farthing.stores.memory.claims import MemoryClaims
from farthing.stores.memory.ledger import MemoryLedger

NOW_MS = 1_800_000_000_000


def claim_of(mint, key="k"):
    return Claim(tenant="t", key=key, fingerprint=b"f", call=mint(NOW_MS), at_ms=NOW_MS)


def ask_for(claim):
    opening = AttemptOpening(
        id=attempt_id(claim.call, 1),
        call_id=claim.call,
        ordinal=1,
        provider="p",
        model="m",
        book="",
        bound="bytes",
        input_bound=1,
    )
    charge = Charge(AccountKey("all", "", Unit.CALLS, "lifetime"), 1, 0)
    row = CallOpening(id=claim.call, arrived_ms=NOW_MS)
    return Reserve(opening=opening, call=row, charges=(charge,), cap=1, floor=1)


def test_i12_a_call_whose_record_is_forgotten_keeps_its_key_if_it_had_reserved():
    mint, ledger = Mint(0), MemoryLedger(clock=lambda: NOW_MS, keep=1)
    claims = MemoryClaims(ledger.records)
    sent, never = claim_of(mint, "sent"), claim_of(mint, "never")
    for claim in (sent, never):
        claims.claim(claim)
    asyncio.run(ledger.reserve(ask_for(sent)))
    assert claims.holds(sent)
    asyncio.run(ledger.reserve(ask_for(claim_of(mint, "other"))))
    assert ledger.records.call(sent.call) is None
    assert claims.claim(claim_of(mint, "sent")) == Taken(call=sent.call, same=True)
    assert claims.claim(claim_of(mint, "never")) == Claimed(instead_of=never.call)
