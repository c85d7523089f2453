"""`Idempotency-Key`: what the header says, and how a call under it is told apart from any other."""

import hashlib

import msgspec

from farthing.call.arrival import Arrival
from farthing.domain.errors import BadRequest
from farthing.ports.claims import Claim

HEADER = b"idempotency-key"
LONGEST = 255


def key_in(value: bytes) -> str:
    """The caller's key. Raises BadRequest where it cannot be one."""
    if not 1 <= len(value) <= LONGEST or not all(0x20 <= code <= 0x7E for code in value):
        raise BadRequest(
            f"the header Idempotency-Key must be 1 to {LONGEST} printable ASCII characters, like a UUID",
            field="idempotency-key",
        )
    return value.decode("ascii")


def claim_of(key: str, arrival: Arrival, body: bytes) -> Claim:
    """What this call claims: the key within its tenant, for exactly this body on this route."""
    where = f"{arrival.dialect.name} {arrival.address(arrival.draft.asked.model)}?{arrival.query}"
    return Claim(
        tenant=arrival.caller.tenant,
        key=key,
        fingerprint=fingerprint(where, body),
        call=arrival.id,
        at_ms=arrival.arrived_ms,
    )


def fingerprint(where: str, body: bytes) -> bytes:
    """SHA-256 of a route and of a JSON body: neither its spaces nor the order of its keys matter."""
    canonical = msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    return hashlib.sha256(where.encode() + b"\n" + canonical).digest()
