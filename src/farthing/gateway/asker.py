"""Who asks on a connection, and what all of their calls have in common: worked out once, for as long as they and our
keys say the same."""

from collections.abc import Mapping

from farthing.accounts.attribution import heard_in
from farthing.domain.key import Key
from farthing.gateway.body import check_plain
from farthing.gateway.forwarding import credential, forwarded
from farthing.gateway.head import Head
from farthing.gateway.identify import authenticate, check_json

_LABELS = b"x-farthing-labels"
_A_DAY = 86_400.0
_PATIENCE = (b"x-stainless-timeout", b"x-stainless-read-timeout", b"x-server-timeout")


class Asker:
    """Made of nothing but the target and the headers that do not vary (`head.Constant`), the client's address and our
    keys."""

    __slots__ = ("code_for_codex", "credential", "forwarded", "heard", "key", "keys", "patience_ms", "query")

    def __init__(self, head: Head, keys: Mapping[str, Key], peer: str) -> None:
        named = head.named
        self.keys = keys
        self.key = authenticate(named, keys, peer)
        check_json(named)
        check_plain(named)
        self.forwarded = forwarded(head.headers)
        self.credential = credential(named, keyless=self.key is None)
        self.patience_ms = patience_ms(named)
        self.query = head.constant.query.decode("latin-1")
        self.code_for_codex = named.get(b"originator", b"").startswith(b"codex")
        self.heard = tuple(pair for pair in heard_in(head.headers) if pair[0] != _LABELS)
        """What the headers say of whom a call is for, without our own header: that one varies."""


def asker_of(head: Head, keys: Mapping[str, Key], peer: str) -> Asker:
    """Whoever sends this, of this address. `keys` are swapped whole whenever one changes, and then everybody is asked
    again. Raises BadRequest 401, 403 or 415; that is not remembered."""
    asker = head.constant.asker
    if not isinstance(asker, Asker) or asker.keys is not keys:
        asker = head.constant.asker = Asker(head, keys, peer)
    return asker


def heard_of(asker: Asker, head: Head) -> tuple[tuple[bytes, bytes], ...]:
    """All that this head says of whom its call is for."""
    labels = head.named.get(_LABELS)
    return asker.heard if labels is None else (*asker.heard, (_LABELS, labels))


def patience_ms(headers: Mapping[bytes, bytes]) -> int | None:
    """How long the client itself waits, from the headers that the makers' clients send (seconds)."""
    text = next((headers[name] for name in _PATIENCE if headers.get(name)), None)
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return None
    return int(seconds * 1_000) if 0 < seconds < _A_DAY else None
