"""Pseudonyms that last: a label's value under a key of the installation and its tenant, from the moment it arrives."""

import hmac
from collections.abc import Collection

from farthing.domain.record import Labels

MARK = "p:"
"""What a pseudonym begins with."""
DIGITS = 24
"""Hexadecimal: 96 bits."""
TENANTS = ("org", "team")
"""The labels that tell tenants apart; the first that is there counts."""


def pseudonym(key: bytes, tenant: str, label: str, value: str) -> str:
    """The same for the same person of the same tenant, and for nobody else; only who has the key can make it."""
    if value.startswith(MARK) and len(value) == len(MARK) + DIGITS:
        return value
    of_tenant = hmac.digest(key, b"farthing tenant\0" + tenant.encode(), "sha256")
    return MARK + hmac.digest(of_tenant, f"{label}\0{value}".encode(), "sha256").hex()[:DIGITS]


def tenant_of(labels: Labels) -> str:
    """Whose key pseudonymises these labels: `team=a`; "" where neither an organisation nor a team is named."""
    named = dict(labels)
    return next((f"{name}={named[name]}" for name in TENANTS if named.get(name)), "")


def pseudonymised(labels: Labels, names: Collection[str], key: bytes) -> Labels:
    """These labels with the values of `names` under pseudonyms."""
    tenant = tenant_of(labels)
    return tuple(
        (name, pseudonym(key, tenant, name, value) if name in names and value else value) for name, value in labels
    )
