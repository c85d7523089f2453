"""What the doctor looks at outside the store: packages, providers, the clock, and a gateway that runs."""

import http.client
import socket
import sqlite3
import ssl
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from importlib.util import find_spec
from urllib.parse import urlsplit

import msgspec

from farthing.cli.screen import moment
from farthing.config.admin_settings import split
from farthing.config.booked import book_of
from farthing.config.convert import providers_of
from farthing.config.engine import wall_ms
from farthing.config.settings import Provider, Settings
from farthing.config.store import path_of
from farthing.domain.errors import LedgerUnavailable, StoreBroken
from farthing.domain.ids import EPOCH_MS
from farthing.domain.price import Unpriced
from farthing.pricing.book import PriceBook
from farthing.stores.sqlite.connect import OLDEST_SQLITE
from farthing.stores.sqlite.records import SqliteRecords

CONNECT_SECONDS = 5.0
AHEAD_MS = 5_000
"""How far the newest record may lie in the future before the clock is doubted."""
_EXTRAS = (
    ("quicktok", "tokens", "counts OpenAI's tokens exactly; without it bounds are looser and some calls wait longer"),
    ("aiohttp", "proxy", "reaches providers through a forward proxy; not needed otherwise"),
    ("apprise", "alerts", "sends alerts to chat and mail; the log and webhooks need nothing"),
)


class State(StrEnum):
    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    part: str
    state: State
    said: str
    do: str = ""
    """What to do about it."""


def packages() -> Iterator[Finding]:
    """Python, SQLite, the price book, and the extras that may be missing."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        said = f"SQLite {sqlite3.sqlite_version} is too old"
        yield Finding(part="packages", state=State.BAD, said=said, do="use a Python with SQLite 3.37 or newer")
    book = PriceBook.load()
    models = sum(len(provider.models) for provider in book.providers)
    python = ".".join(map(str, sys.version_info[:3]))
    said = f"Python {python}, SQLite {sqlite3.sqlite_version}, prices of {models:,} models (book {book.hash})"
    yield Finding(part="packages", state=State.GOOD, said=said)
    for module, extra, why in _EXTRAS:
        if find_spec(module) is None:
            do = f"pip install 'farthing[{extra}]'"
            yield Finding(part="packages", state=State.NOTE, said=f"{module} is not installed: it {why}", do=do)


def clock(settings: Settings) -> Iterator[Finding]:
    """Is the time plausible, and does it not lie behind what is on record?"""
    now = wall_ms()
    if now < EPOCH_MS:
        yield Finding(
            part="clock", state=State.BAD, said=f"it says {moment(now)}", do="set the clock; windows turn by it"
        )
        return
    newest = _newest_ms(settings)
    if newest > now + AHEAD_MS:
        said = f"the newest record is of {moment(newest)}, and it is {moment(now)} now"
        yield Finding(
            part="clock", state=State.BAD, said=said, do="set the clock: windows that have turned stay turned"
        )
        return
    offset = time.strftime("%z")
    yield Finding(part="clock", state=State.GOOD, said=f"{moment(now)} ({offset[:3]}:{offset[3:]})")


def _newest_ms(settings: Settings) -> int:
    path = path_of(settings)
    if path is None or not path.exists():
        return 0
    records = SqliteRecords(path)
    try:
        newest = records.recent(limit=1)
    except (StoreBroken, LedgerUnavailable):  # told where the store itself is looked at
        return 0
    finally:
        records.close()
    return newest[0].arrived_ms if newest else 0


def providers(settings: Settings) -> Iterator[Finding]:
    """Can each provider be reached? A connection and, where it is https, its certificate; nothing is asked of it."""
    active = providers_of(settings)
    if not active:
        do = "set OPENAI_API_KEY or ANTHROPIC_API_KEY, or write [providers.…]; `farthing init` helps"
        yield Finding(part="providers", state=State.BAD, said="none is configured: every call is refused", do=do)
    for provider in active:
        yield _reach(provider)
    book = book_of(settings)
    for provider in active:
        for model in provider.models:
            found = book.find(model, provider.name, provider.format, at_ms=wall_ms()) if "*" not in model else None
            if isinstance(found, Unpriced):
                do = "name its price under [[prices]]; hard budgets in dollars refuse it until then"
                yield Finding(
                    part="providers", state=State.NOTE, said=f"{model} of {provider.name} has no price", do=do
                )


def _reach(provider: Provider) -> Finding:
    parts = urlsplit(provider.base_url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    if provider.proxy:
        said = f"{provider.name} is reached through a proxy: not tried"
        return Finding(part="providers", state=State.NOTE, said=said)
    begun = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS) as plain:
            if secure:
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                    pass
    except ssl.SSLError as error:
        said = f"{provider.name}: no trusted connection to {host}:{port} ({error.reason or error})"
        return Finding(
            part="providers", state=State.BAD, said=said, do="check the address, the clock and the certificates"
        )
    except OSError as error:
        said = f"{provider.name}: {host}:{port} cannot be reached ({error.strerror or error})"
        return Finding(part="providers", state=State.BAD, said=said, do="check base_url, the network and the firewall")
    took = (time.monotonic() - begun) * 1_000
    key = f"key from {provider.api_key.origin}" if provider.api_key else "callers bring their own key"
    said = f"{provider.name}: {host}:{port} answers in {took:.0f} ms; {key}"
    return Finding(part="providers", state=State.GOOD, said=said)


def gateway(settings: Settings) -> Iterator[Finding]:
    """Is a gateway running where the configuration says, and does it admit calls?"""
    host, port = settings.gateway.host, settings.gateway.port
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(4_096).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        said = f"none is running on {host}:{port}"
        yield Finding(part="gateway", state=State.NOTE, said=said, do="`farthing serve` starts it")
        return
    finally:
        connection.close()
    if answer.status == 200 and '"ready"' in body:
        yield Finding(part="gateway", state=State.GOOD, said=f"running on {host}:{port} and ready")
    else:
        said = f"what runs on {host}:{port} is not ready (status {answer.status}): {body[:200]}"
        yield Finding(part="gateway", state=State.BAD, said=said, do="read its log; its ledger may not be writable")
    if settings.admin.listen:
        yield _apart(settings.admin.listen)


def _apart(listen: str) -> Finding:
    """Does the admin side answer where it should?"""
    host, port = split(listen)
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        answers = connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        answers = False
    finally:
        connection.close()
    if answers:
        return Finding(part="admin side", state=State.GOOD, said=f"answers on {listen}")
    do = "[admin] listen is read at the start: start the gateway anew"
    return Finding(part="admin side", state=State.BAD, said=f"does not answer on {listen}", do=do)
