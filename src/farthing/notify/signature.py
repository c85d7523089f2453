"""Signing what a webhook receives, so that its owner can tell our messages from anybody else's."""

import hmac
from hashlib import sha256

HEADER = "x-farthing-signature"
TOLERANCE_SECONDS = 300
"""How far a receiver's clock may be from ours; an older message may be a replay."""


def sign(secret: bytes, at_seconds: int, body: bytes) -> str:
    """The header's value: `t=<seconds since 1970>,v1=<HMAC-SHA-256 of "t.body" in hex>`."""
    return f"t={at_seconds},v1={_digest(secret, at_seconds, body)}"


def verify(secret: bytes, header: str, body: bytes, now_seconds: int) -> bool:
    """Whether these bytes are from whoever has the secret, and recent. What a receiver does; compares in constant time."""
    fields = dict(part.partition("=")[::2] for part in header.split(","))
    stated = fields.get("t", "")
    if not (stated.isascii() and stated.isdigit()) or len(stated) > 12:
        return False
    fresh = abs(now_seconds - int(stated)) <= TOLERANCE_SECONDS
    same = hmac.compare_digest(_digest(secret, int(stated), body).encode(), fields.get("v1", "").encode())
    return fresh and same


def _digest(secret: bytes, at_seconds: int, body: bytes) -> str:
    return hmac.new(secret, b"%d." % at_seconds + body, sha256).hexdigest()
