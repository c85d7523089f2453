"""Virtual keys: who a caller is, what it may choose, and what it must say."""

import msgspec

from farthing.domain.record import Labels


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One virtual key. The secret is never kept, only its SHA-256 (secrets are 256 random bits, so no salt is needed)."""

    id: str
    """The public part of the secret: `fk_<id>_<secret>`; or the name, for keys whose secret the file names."""
    name: str
    digest: str
    """SHA-256 of the whole secret, in hex."""
    labels: Labels = ()
    may_set: tuple[str, ...] = ()
    """Labels that a caller with this key may choose, budgets included."""
    require: tuple[str, ...] = ()
    """Labels without which a call is refused."""
    max_values: int = 1_000
    """Different values of one label this key may bring into being in one window; the rest share `(other)`."""
    rights: tuple[str, ...] = ("call",)
    """`call`, `admin` for the admin side, `approve` to decide approvals within the key's labels, `metrics` to scrape,
    `outcomes` to judge runs within the key's labels, `runs` to limit the runs of its own callers further."""
    source: str = "file"
    revoked_ms: int = 0
