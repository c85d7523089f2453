"""Where requests may go: base URLs as an operator writes them, origins, and addresses that no model lives at."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import msgspec

_URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?\.?)(?::([0-9]{1,5}))?(/[!$&-;=@-\[\]_a-z~%]*)?",
    re.IGNORECASE,
)
_NAT64 = IPv6Network("64:ff9b::/96")

# Services that hand out a machine's own credentials. Link-local ranges are refused as a whole; these stand elsewhere.
_METADATA_ADDRESSES = frozenset(
    {
        IPv4Address("100.100.100.200"),  # Alibaba Cloud
        IPv4Address("168.63.129.16"),  # Azure
        IPv4Address("192.0.0.192"),  # Oracle Cloud
        IPv6Address("fd00:ec2::254"),  # AWS
        IPv6Address("fd20:ce::254"),  # Google Cloud
    }
)
_METADATA_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port, taken apart."""

    text: str
    tls: bool
    host: str
    """Without brackets."""
    port: int
    authority: bytes
    """The Host header."""


@lru_cache(maxsize=256)
def parse_origin(text: str) -> Origin:
    """Take `https://host[:port]` apart. Raises ValueError for anything else, a path or user name included."""
    scheme, host, port, path = _split(text)
    if path:
        raise ValueError(f"{text!r} is not an origin: it must end after the host or port")
    tls = scheme == "https"
    number = int(port) if port else 443 if tls else 80
    authority = f"{host}:{port}" if port else host
    return Origin(text, tls, host.strip("[]").rstrip("."), number, authority.encode())


def check_base_url(text: str, *, refuse_metadata: bool = True) -> str:
    """The base URL without its trailing slash. Raises ValueError saying what is wrong with it, for the operator to read.

    Only http and https; no user name, query or fragment; no number spelled so that tools disagree on what it means.
    With `refuse_metadata` also no link-local address or metadata service.
    """
    _, host, _, _ = _split(text)
    why = refused_host(host.strip("[]")) if refuse_metadata else ""
    if why:
        raise ValueError(f"{text!r} cannot be a provider: {why}")
    return text.rstrip("/")


def refused_host(host: str) -> str:
    """Why nothing is sent to this name or address; "" where it may be."""
    if host.lower().rstrip(".") in _METADATA_NAMES:
        return f"{host} is a cloud metadata service"
    try:
        return refused_address(host)
    except ValueError:
        return ""  # a name; its addresses are judged when it is connected


def refused_address(text: str) -> str:
    """Why nothing is sent to this IP address; "" where it may be. Raises ValueError when it is not an address.

    Loopback and private addresses are fine: local models live there.
    """
    address = _embedded(ip_address(text.partition("%")[0]))
    if address in _METADATA_ADDRESSES:
        return f"{address} is a cloud metadata service"
    if address.is_link_local:
        return f"{address} is link-local, where cloud metadata services live"
    if address.is_multicast:
        return f"{address} is a multicast address"
    return ""


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside a mapped, translated (NAT64) or 6to4 one, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _split(text: str) -> tuple[str, str, str, str]:
    """(scheme, host, port, path), scheme and host in lower case, port "" where none is written."""
    match = _URL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a provider's address: {_complaint(text)}")
    scheme, host, port = match[1].lower(), match[2].lower(), match[4] or ""
    if port and not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} has no possible port: {port}")
    _check_number(text, host)
    if any(len(label) > 63 for label in host.split(".")):
        raise ValueError(f"{text!r} has a part of more than 63 letters in its name; no such host can exist")
    return scheme, host, port, (match[5] or "").rstrip("/")


def _check_number(text: str, host: str) -> None:
    """A host in brackets or with a number at its end must be a plain address: 127.1, 0x7f.1 and 2130706433 mislead."""
    last = host.rstrip(".").rpartition(".")[2]
    if not (host.startswith("[") or last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last)):
        return
    try:
        ip_address(host.strip("[]").rstrip("."))
    except ValueError:
        raise ValueError(
            f"{text!r} does not hold a plain IP address: write four decimal numbers, or IPv6 in brackets"
        ) from None


def _complaint(text: str) -> str:
    """The most likely thing that is wrong with a URL that does not parse."""
    rest = text.partition("://")[2]
    if not re.match(r"https?://", text, re.IGNORECASE):
        return "it must start with https:// (or http:// for a model on your own machine)"
    if "@" in rest.partition("/")[0]:
        return "it must not carry a user name or password; put the key in api_key"
    if "?" in rest or "#" in rest:
        return "it must not carry a query or fragment"
    if not text.isascii():
        return "write an international name in its xn-- form"
    return "write it as https://host[:port][/path]"
