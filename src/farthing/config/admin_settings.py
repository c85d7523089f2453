"""The table `[admin]`: a second address for the admin side, the dashboard and /metrics, and by which names it is asked."""

from ipaddress import ip_address, ip_network
from typing import Annotated

import msgspec

from farthing.config.values import Read, Surroundings, Wrong, plain

_EXAMPLE = 'like "10.0.0.5:4142" or "[::1]:4142"'


def address(value: object, around: Surroundings) -> str:
    """An IP address and a port; "" for none."""
    text = plain(value, around)
    if text:
        try:
            host, port = split(text)
            ip_address(host)
        except ValueError:
            raise Wrong(f"must be an address of this machine and a port, {_EXAMPLE}") from None
        if not 0 <= port <= 65_535:
            raise Wrong("must end in a port, 0 to 65535 (0: any free one)")
    return text


def host_names(value: object, _: Surroundings) -> tuple[str, ...]:
    """Names as browsers write them in `Host`, without a port."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Wrong('must be a list of names, like ["farthing.example.com"]')
    for each in value:
        letters = each.replace(".", "").replace("-", "").replace("_", "")
        if not letters.isalnum() or not letters.isascii():
            raise Wrong(f"{each[:80]!r} is no name: leave out scheme, port and path, like farthing.example.com")
    return tuple(each.lower() for each in value)


def networks(value: object, _: Surroundings) -> tuple[str, ...]:
    """Addresses or networks of proxies."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Wrong('must be a list of addresses, like ["10.0.0.2"] or ["10.0.0.0/28"]')
    try:
        return tuple(str(ip_network(each)) for each in value)
    except ValueError as error:
        raise Wrong(f'{error}; write addresses like "10.0.0.2" or "10.0.0.0/28"') from None


def split(listen: str) -> tuple[str, int]:
    """Host and port of an address. Raises ValueError."""
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdigit()):
        raise ValueError(listen)
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(listen)
    return host.removeprefix("[").removesuffix("]"), int(port)


class Admin(msgspec.Struct, frozen=True, kw_only=True):
    listen: Annotated[str, Read(address)] = ""
    """Where the admin side, the dashboard and /metrics answer besides, for keys only; read at the start."""
    hosts: Annotated[tuple[str, ...], Read(host_names)] = ()
    """Names by which they are asked there; an IP address always is."""
    https: bool = False
    """Browsers reach it over TLS, which a proxy in front ends: cookies are `Secure`, forms come from `https://`."""
    proxies: Annotated[tuple[str, ...], Read(networks)] = ()
    """Who may forward requests there; a forwarded request of anybody else is refused."""
