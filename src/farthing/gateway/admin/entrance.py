"""The two ways in to the admin side, the dashboard and /metrics: the gateway's own address, for this machine; and, where
`[admin] listen` names one, an address of their own, for keys.

There anybody may knock. A key is needed for everything, also while there are none; a name must be ours, because a page of
elsewhere can lead its own name to any address (DNS rebinding), which it cannot do with an address itself; and what a proxy
forwards is taken from the proxies that are named.
"""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

from farthing.config.admin_settings import Admin
from farthing.domain.errors import BadRequest
from farthing.gateway.identify import FORWARDED, Headers, check_host, check_local

OUR_NAMES = ("localhost",)


class Entrance(Protocol):
    """Where somebody comes in, and what that asks of them."""

    name: str
    """A session is for the entrance it was made at."""
    for_keys: bool
    """Nobody is heard without a key, also where there are none."""

    @property
    def https(self) -> bool:
        """Browsers come over TLS."""
        ...

    @property
    def schemes(self) -> tuple[bytes, ...]:
        """Of the origins of our own pages."""
        ...

    def check(self, headers: Headers, peer: str) -> None:
        """Whether a program may ask from there. Raises BadRequest 403."""
        ...

    def check_page(self, headers: Headers, peer: str) -> None:
        """Whether a browser may. Raises BadRequest 403."""
        ...

    def visitor(self, headers: Headers, peer: str) -> str:
        """Whom wrong keys are counted against."""
        ...


class Here:
    """The gateway's own address: this machine only."""

    name = ""
    for_keys = False
    https = False
    schemes = (b"http", b"https")

    def check(self, headers: Headers, peer: str) -> None:
        check_local(headers, peer)

    def check_page(self, headers: Headers, peer: str) -> None:
        check_local(headers, peer)
        check_host(headers)

    def visitor(self, headers: Headers, peer: str) -> str:  # noqa: ARG002 - all of this machine are one
        return ""


class Apart:
    """The address of `[admin] listen`. `told` gives the table as it is now: all but the address may be reloaded."""

    name = "apart"
    for_keys = True

    def __init__(self, told: Callable[[], Admin]) -> None:
        self._told = told

    @property
    def https(self) -> bool:
        return self._told().https

    @property
    def schemes(self) -> tuple[bytes, ...]:
        return (b"https",) if self._told().https else (b"http",)

    def check(self, headers: Headers, peer: str) -> None:
        self._check_name(headers.get(b"host", b"").decode("latin-1").lower())
        for name in FORWARDED:
            if name in headers and not self._is_proxy(peer):
                raise _refused("a forwarded request is taken from [admin] proxies only; name the proxy", name.decode())

    check_page = check

    def visitor(self, headers: Headers, peer: str) -> str:
        """The address that the proxy we believe has seen; what stands before it anybody may have written."""
        seen = headers.get(b"x-forwarded-for", b"").decode("latin-1").rpartition(",")[2].strip()
        return seen[:64] if seen and self._is_proxy(peer) else peer

    def _check_name(self, host: str) -> None:
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name not in (*OUR_NAMES, *self._told().hosts) and not _is_address(name):
            raise _refused("the Host must be an IP address or a name of [admin] hosts; add yours there", "host")

    def _is_proxy(self, peer: str) -> bool:
        if not self._told().proxies or not _is_address(peer):
            return False
        found = ip_address(peer)
        if isinstance(found, IPv6Address):  # an IPv4 client of a socket that takes both
            found = found.ipv4_mapped or found
        return any(found in ip_network(each) for each in self._told().proxies)


HERE = Here()


def _is_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _refused(message: str, field: str) -> BadRequest:
    return BadRequest(message, field=field, status=403, code="forbidden")
