"""Where alerts may go, as an operator writes it: `log`, a webhook's URL, or any address Apprise knows."""

from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from typing import Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from farthing.ports.alerts import Address

Kind = Literal["log", "webhook", "apprise"]

_CHATS = {"hooks.slack.com": "slack://", "discord.com": "discord://", "discordapp.com": "discord://"}
"""Services whose own URLs want a body of their own: Apprise speaks it, under this scheme."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An address with its secret: kept in memory only."""

    kind: Kind
    text: str
    address: Address
    origin: str = ""
    """Where its text is from, like `env:ALERT_URL`."""

    def __repr__(self) -> str:
        return f"Target({self.address.label})"


def read_address(text: str, *, origin: str = "", refused: Callable[[str], str]) -> Target:
    """Raises ValueError that says what to write instead and never shows the address, which may hold a secret.

    origin: where it is from, like `env:ALERT_URL`, for people to tell it by.
    refused: why nothing is sent to a host; "" where it may be.
    """
    text = text.strip()
    if text == "log":
        return LOG
    parts = _split(text)
    why = refused(parts.hostname or "")
    if why:
        raise ValueError(f"alerts cannot go there: {why}")
    kind: Kind = "webhook" if parts.scheme in ("http", "https") else "apprise"
    if kind == "webhook":
        _check_webhook(text, parts)
    elif find_spec("apprise") is None:
        raise ValueError(f"{parts.scheme}:// is delivered by Apprise; install it with `pip install 'farthing[alerts]'`")
    return Target(kind=kind, text=text, address=_address(text, _label(kind, parts, origin)), origin=origin)


def origin_and_target(url: str) -> tuple[str, str]:
    """`https://host:port` and `/path?query` of a webhook's URL."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + query


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("the address cannot be read; write it like https://host/path") from None
    if not parts.scheme or "://" not in text:
        raise ValueError('write "log", a webhook like https://host/path, or an Apprise address like slack://…')
    return parts


def _check_webhook(text: str, parts: SplitResult) -> None:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a webhook's URL has only printable ASCII characters; write others as %-codes")
    if not parts.hostname:
        raise ValueError("the webhook's URL names no host; write it like https://host/path")
    if "@" in parts.netloc:
        raise ValueError("a webhook's URL carries no user name or password; what it receives is signed instead")
    if parts.fragment:
        raise ValueError("a webhook's URL has no fragment (#…): it would not be sent")
    chat = _CHATS.get(parts.hostname)
    if chat:
        raise ValueError(f"{parts.hostname} wants messages in its own form; write its Apprise address, {chat}…")


def _label(kind: Kind, parts: SplitResult, origin: str) -> str:
    """A host is no secret; of any other scheme it may be a token, so only the scheme is shown."""
    shown = f"{parts.scheme}://{parts.netloc}" if kind == "webhook" else parts.scheme
    return f"{shown} ({origin})" if origin.startswith(("env:", "file:")) else shown


def _address(text: str, label: str) -> Address:
    return Address(sha256(text.encode()).hexdigest()[:16], label)


LOG = Target(kind="log", text="log", address=_address("log", "log"))
"""The process's own log."""
