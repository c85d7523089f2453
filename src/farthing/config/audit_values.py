"""What single settings of `[audit]` and `[record] retention` may be."""

from farthing.audit.subjects import PERSONAL
from farthing.config.values import Secret, Surroundings, Wrong, label_names, seconds, secret

FOREVER = "forever"
SEED_DIGITS = 64


def age(value: object, around: Surroundings) -> int | None:
    """`400d` in milliseconds; None for `forever`."""
    if value == FOREVER:
        return None
    try:
        return int(seconds(value, around) * 1_000)
    except Wrong as error:
        raise Wrong('must be a duration in quotes, like "400d", or "forever"') from error


def personal_labels(value: object, around: Surroundings) -> tuple[str, ...]:
    """Labels that name people."""
    names = label_names(value, around)
    for name in names:
        if name not in PERSONAL:
            raise Wrong(f"names the label {name!r}; those that name people here are: {', '.join(sorted(PERSONAL))}")
    return names


def signing_key(value: object, around: Surroundings) -> Secret:
    """An Ed25519 key: 32 bytes as 64 hexadecimal digits, best by reference."""
    found = secret(value, around)
    try:
        seed = bytes.fromhex(found.reveal())
    except ValueError:
        seed = b""
    if len(seed) * 2 != SEED_DIGITS:
        raise Wrong("must be 64 hexadecimal digits, like `openssl rand -hex 32` prints; name a file or a variable")
    return found
