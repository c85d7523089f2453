"""What a browser sends: cookies, queries and forms, bounded and read strictly."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

import msgspec

from farthing.domain.errors import BadRequest
from farthing.gateway.body import read_body
from farthing.gateway.identify import Headers
from farthing.gateway.turn import Turn

FORM_BYTES = 16 * 1024
QUERY_BYTES = 8 * 1024
MOST_FIELDS = 64
LONGEST_VALUE = 2_000

Pairs = tuple[tuple[str, str], ...]


class Query(msgspec.Struct, frozen=True):
    """The query of a request, in order; a name may stand in it several times."""

    pairs: Pairs = ()

    def first(self, name: str, otherwise: str = "") -> str:
        return next((value for each, value in self.pairs if each == name), otherwise)

    def every(self, name: str) -> tuple[str, ...]:
        return tuple(value for each, value in self.pairs if each == name and value)

    def number(self, name: str, otherwise: int, most: int) -> int:
        """A whole number from 0 to `most`; what is none counts as not given."""
        text = self.first(name)
        return min(int(text), most) if text.isascii() and text.isdigit() and len(text) <= 18 else otherwise

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """One of these; the first where another or none is named."""
        said = self.first(name)
        return said if said in choices else choices[0]

    def having(self, **changed: str | None) -> str:
        """The same query as text with these names set anew, or left out where None."""
        kept = [(name, value) for name, value in self.pairs if name not in changed and value]
        return urlencode([*kept, *((name, value) for name, value in changed.items() if value is not None)])


def query_of(raw: bytes) -> Query:
    """Raises BadRequest 400 for what cannot be read."""
    return Query(_pairs(raw, QUERY_BYTES, "query"))


async def form_of(turn: Turn) -> Mapping[str, str]:
    """The fields of a form that was sent. Raises BadRequest 400, 413, 415, or ClientLeft."""
    kind = turn.request.named.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/x-www-form-urlencoded":
        raise BadRequest("a form is expected here", field="content-type", status=415, code="unsupported_media_type")
    pairs = _pairs(await read_body(turn, FORM_BYTES), FORM_BYTES, "body")
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise BadRequest(f"the field {name[:80]!r} is given twice", field=name[:80])
        found[name] = value
    return found


def cookies_of(headers: Headers) -> Mapping[str, str]:
    """The cookies of a request; none at all where they cannot be read."""
    try:
        found = SimpleCookie(headers.get(b"cookie", b"")[: 8 * 1024].decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in found.items()}


def _pairs(raw: bytes, most: int, field: str) -> Pairs:
    if len(raw) > most:
        raise BadRequest(f"the {field} is longer than {most} bytes", field=field, status=413)
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise BadRequest(f"the {field} cannot be read: at most {MOST_FIELDS} fields, in UTF-8", field=field) from None
    if any(len(name) > LONGEST_VALUE or len(value) > LONGEST_VALUE for name, value in pairs):
        raise BadRequest(f"a field is longer than {LONGEST_VALUE} characters", field=field)
    return tuple((name, value.replace("\0", "")) for name, value in pairs)
