"""Which requests of browsers are heard: looks that no other site makes, and changes from our own pages only.

From where somebody may look at all, the entrance says (`gateway/admin/entrance.py`).

Without keys whoever is on this machine sees and does everything, as on the admin side. With keys nothing is shown
without a login: a program that spends through the gateway must not learn of the others, nor raise its own budget.
"""

from farthing.domain.errors import BadRequest
from farthing.gateway.identify import Headers


def check_look(headers: Headers) -> None:
    """Refuse pages of other sites that fetch or embed ours; a link that leads here is fine. Raises BadRequest 403."""
    site = headers.get(b"sec-fetch-site", b"none")
    if site in (b"none", b"same-origin"):
        return
    if headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document":
        return
    raise _foreign("sec-fetch-site")


def check_change(headers: Headers, schemes: tuple[bytes, ...] = (b"http", b"https")) -> None:
    """Refuse a change that no page of this very address asks for. Raises BadRequest 403."""
    host = headers.get(b"host", b"")
    if headers.get(b"origin") not in [scheme + b"://" + host for scheme in schemes]:
        raise _foreign("origin")
    if headers.get(b"sec-fetch-site", b"same-origin") != b"same-origin":
        raise _foreign("sec-fetch-site")


def _foreign(field: str) -> BadRequest:
    return BadRequest(
        "only the dashboard's own pages may ask for this; open it at its own address",
        field=field,
        status=403,
        code="forbidden",
    )
