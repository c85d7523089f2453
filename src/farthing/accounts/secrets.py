"""Secrets of keys: how they look, how they are stored, and finding the key that a caller presents."""

import hmac
from base64 import b32encode
from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

from farthing.domain.key import Key

ID_BYTES = 5
SECRET_BYTES = 32
PREFIX = "fk"

_NO_DIGEST = "0" * 64


class Issued(msgspec.Struct, frozen=True):
    """A secret just made. Shown once; only its digest is kept."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Issued(id={self.id!r}, secret=…)"


def issue(chance: bytes) -> Issued:
    """A new secret `fk_<id>_<secret>` from `ID_BYTES + SECRET_BYTES` random bytes: 40 bits that are public, 256 that are not."""
    assert len(chance) == ID_BYTES + SECRET_BYTES, "a secret is made of exactly 37 random bytes"
    public, secret = _letters(chance[:ID_BYTES]), _letters(chance[ID_BYTES:])
    return Issued(public, f"{PREFIX}_{public}_{secret}")


def digest(secret: str) -> str:
    """SHA-256 of the whole secret, in hex: what is stored. No salt and no stretching: 256 random bits need neither."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def index(keys: Iterable[Key]) -> dict[str, Key]:
    """Keys by the public part of their secret and by the digest of the whole; revoked keys are left out.

    The id finds keys that were issued; the digest finds those whose secret the configuration file names.
    """
    found: dict[str, Key] = {}
    for key in keys:
        if not key.revoked_ms:
            found[key.id] = found[key.digest] = key
    return found


def find(keys: Mapping[str, Key], presented: str) -> Key | None:
    """The key whose whole secret this is, among keys as `index` gives them; None where there is none.

    Does the same work for an unknown id as for a wrong secret, and compares in constant time. The look-up by digest
    tells nothing by its time: a caller who could choose the digest would have the secret.
    """
    shown = digest(presented)
    claimed = keys.get(public_id(presented))
    named = keys.get(shown)
    candidate = named if named is not None else claimed
    kept = _NO_DIGEST if candidate is None else candidate.digest
    return candidate if hmac.compare_digest(kept, shown) else None


def public_id(presented: str) -> str:
    """The `<id>` of `fk_<id>_<secret>`; "" where it is not written like that."""
    prefix, _, rest = presented.partition("_")
    public, mark, _ = rest.partition("_")
    return public if prefix == PREFIX and mark else ""


def _letters(chance: bytes) -> str:
    """Base 32 without padding: lower-case, and no `_` that would look like a separator."""
    return b32encode(chance).decode("ascii").rstrip("=").lower()
