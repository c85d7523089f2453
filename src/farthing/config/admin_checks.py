"""What the table `[admin]` comes to: what cannot be accepted, what deserves a look, and what is said of it in words."""

from collections.abc import Iterator
from ipaddress import ip_address

from farthing.config.admin_settings import split
from farthing.config.problems import Problem
from farthing.config.settings import File, Settings

_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def admin_problems(settings: File) -> Iterator[Problem]:
    """What cannot be accepted."""
    told = settings.admin
    if not told.listen:
        for name, value in (("hosts", told.hosts), ("https", told.https), ("proxies", told.proxies)):
            if value:
                yield Problem(
                    ("admin", name), 'is about [admin] listen, which is not set: add it, like "10.0.0.5:4142"'
                )
        return
    host, port = split(told.listen)
    main = settings.gateway.host
    if port and port == settings.gateway.port and (host == main or host in _ANY or main in _ANY):
        yield Problem(("admin", "listen"), "is the gateway's own address: choose another port")


def admin_warnings(settings: File) -> Iterator[Problem]:
    """What is accepted but deserves a look."""
    told = settings.admin
    if not told.listen:
        return
    if not told.https and not ip_address(split(told.listen)[0]).is_loopback:
        message = (
            "keys and pages cross the network readable: put a TLS proxy in front, and say https = true and proxies"
        )
        yield Problem(("admin", "listen"), message)
    if told.https and not told.proxies:
        message = "no proxies are named: what a proxy marks with X-Forwarded-For is refused"
        yield Problem(("admin", "https"), message)


def admin_lines(settings: Settings) -> Iterator[str]:
    """What `farthing check` says of it."""
    told = settings.admin
    if not told.listen:
        yield "answers this machine only, where the gateway listens"
        return
    yield f"answers also on {told.listen}, for keys alone; the dashboard asks for one with the right admin"
    yield f"asked there by {' or '.join(('its address', *told.hosts))}"
    if told.https:
        yield "browsers reach it over TLS: its cookies are Secure"
    if told.proxies:
        yield f"forwarded requests are taken from {', '.join(told.proxies)}"
