"""Sessions: what a browser's cookie says, signed with the installation's secret; and the token every form carries.

Nothing is kept here but the sessions that were ended before their time. A session is bound to the key it was made with:
revoke the key, or change its secret or rights, and the session is over.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256

import msgspec

from farthing.domain.key import Key
from farthing.gateway.admin.access import RIGHT

LASTS_SECONDS = 12 * 3_600
MOST_ENDED = 10_000
_LONGEST = 1_024


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One browser's visit."""

    id: str
    """128 random bits, in hex."""
    expires_s: int
    """Seconds since 1970."""
    key: str = ""
    """The id of the key it was made with; "" for a visitor who has not logged in."""
    digest: str = ""
    """The beginning of that key's digest."""
    entrance: str = ""
    """Where it was made: what is stolen on this machine opens nothing from elsewhere."""


class Sessions:
    """Makes and reads cookies. Every method is cheap; none reads a clock."""

    def __init__(self, secret: bytes) -> None:
        assert len(secret) >= 32, "a session is signed with at least 256 bits"
        self._secret = secret
        self._ended: dict[str, int] = {}

    @property
    def mark(self) -> str:
        """Tells this installation's cookies from those of others on the same machine; no secret."""
        return self._sign("mark", "")[:8]

    def begin(self, chance: bytes, now_ms: int, key: Key | None = None, entrance: str = "") -> Session:
        """A new session from 16 random bytes. A login gets a new one too: an id from before it is worth nothing."""
        assert len(chance) == 16, "a session is named by 16 random bytes"
        bound = {} if key is None else {"key": key.id, "digest": key.digest[:16]}
        expires_s = now_ms // 1_000 + LASTS_SECONDS
        return Session(id=chance.hex(), expires_s=expires_s, entrance=entrance, **bound)

    def write(self, session: Session) -> str:
        """The cookie's value."""
        said = urlsafe_b64encode(msgspec.json.encode(session)).decode().rstrip("=")
        return f"{said}.{self._sign('session', said)}"

    def read(self, value: str, now_ms: int, entrance: str = "") -> Session | None:
        """The session that a cookie names; None where it is forged, spoilt, over, ended, or of another entrance."""
        said, _, signature = value.partition(".")
        if len(value) > _LONGEST or not value.isascii() or not self._fits(signature, "session", said):
            return None
        session = msgspec.json.decode(urlsafe_b64decode(said + "=" * (-len(said) % 4)), type=Session)
        over = session.expires_s * 1_000 <= now_ms or session.id in self._ended
        return None if over or session.entrance != entrance else session

    def end(self, session: Session, now_ms: int) -> None:
        """Logged out: the cookie is worth nothing any more."""
        if len(self._ended) >= MOST_ENDED:
            self._ended = {each: until for each, until in self._ended.items() if until * 1_000 > now_ms}
        self._ended[session.id] = session.expires_s

    def token(self, session: Session) -> str:
        """What a form on a page of this session carries."""
        return self._sign("form", session.id)

    def is_token(self, session: Session, shown: str) -> bool:
        return shown.isascii() and self._fits(shown, "form", session.id)

    def _fits(self, shown: str, what: str, text: str) -> bool:
        return hmac.compare_digest(shown, self._sign(what, text))

    def _sign(self, what: str, text: str) -> str:
        return hmac.new(self._secret, f"{what} {text}".encode(), sha256).hexdigest()


def key_of(session: Session, keys: Iterable[Key]) -> Key | None:
    """The key a session was made with, as it is now; None where it is gone, another, or lost the right."""
    if not session.key:
        return None
    same = (key for key in keys if key.id == session.key and key.digest[:16] == session.digest)
    return next((key for key in same if RIGHT in key.rights), None)
