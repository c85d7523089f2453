"""Seals: what a stretch of the chain came to, signed, small enough to be kept elsewhere. Whoever rewrites the file later
is found by the copy that is out of their reach."""

import hmac

import msgspec

from farthing.domain.seal import Body, Seal, Signature

HMAC = "hmac-sha256"
ED25519 = "ed25519"


def canonical(body: Body) -> bytes:
    """The bytes that are signed: JSON without spaces, fields in the order of the form."""
    return msgspec.json.encode(body, order="deterministic")


def document(seal: Seal) -> str:
    return msgspec.json.encode(seal, order="deterministic").decode()


def read_seal(text: str | bytes) -> Seal:
    """Raises ValueError with what is wrong."""
    try:
        return msgspec.json.decode(text, type=Seal)
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is no seal of Farthing's: {error}") from error


def sign(body: Body, secret: bytes, seed: bytes | None) -> Seal:
    """With `seed` (32 bytes) by Ed25519, which needs the extra `farthing[audit]`; without by HMAC under the secret."""
    if seed is None:
        value = hmac.digest(secret, canonical(body), "sha256").hex()
        return Seal(body=body, signature=Signature(kind="hmac-sha256", key=fingerprint(secret), value=value))
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - an extra

    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw().hex()
    return Seal(body=body, signature=Signature(kind="ed25519", key=public, value=private.sign(canonical(body)).hex()))


def fingerprint(secret: bytes) -> str:
    """What a secret is called without telling it."""
    return hmac.digest(secret, b"farthing audit secret", "sha256").hex()[:16]


def signature_flaw(seal: Seal, secret: bytes) -> str:
    """What is wrong with a signature; "" where it holds."""
    signature = seal.signature
    if signature.kind == HMAC:
        if signature.key != fingerprint(secret):
            return "it is signed with another installation's secret"
        good = hmac.compare_digest(hmac.digest(secret, canonical(seal.body), "sha256").hex(), signature.value)
        return "" if good else "its signature does not fit what it says"
    return _ed25519_flaw(seal)


def can_sign_for_others() -> bool:
    """Whether Ed25519 is at hand: the extra `farthing[audit]`."""
    try:
        import cryptography  # noqa: F401, PLC0415 - an extra
    except ImportError:
        return False
    return True


def _ed25519_flaw(seal: Seal) -> str:
    if not can_sign_for_others():
        return "its Ed25519 signature cannot be checked here; install farthing[audit]"
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal.signature.key))
        public.verify(bytes.fromhex(seal.signature.value), canonical(seal.body))
    except (InvalidSignature, ValueError):
        return "its signature does not fit what it says"
    return ""
