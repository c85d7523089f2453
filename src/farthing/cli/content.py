"""The texts of a call on the screen, where the configuration keeps them."""

from contextlib import suppress
from pathlib import Path

import msgspec

from farthing.accounts.paper import RULE, count
from farthing.ports.content import Content
from farthing.stores.sqlite.content import SqliteContents, place_of


def content_of(ledger: Path, call: int) -> Content | None:
    """What is kept of a call beside this ledger. Raises LedgerUnavailable."""
    contents = SqliteContents(place_of(ledger))
    try:
        return contents.of(call)
    finally:
        contents.close()


def content_text(content: Content | None) -> str:
    """Both texts, readable; control characters of a model never reach the terminal as such."""
    if content is None:
        return f"{RULE}\nno content of this call is kept; `[record] content` says whose is\n"
    notes = [f"{count(content.redacted, 'piece')} taken out"] + ["cut: a text was longer than is kept"] * content.cut
    parts = (RULE, f"request ({', '.join(notes)})", _readable(content.request), "answer", _readable(content.answer))
    return "\n".join(parts) + "\n"


def plain_content(content: Content | None) -> dict[str, object] | None:
    """The same for programs."""
    if content is None:
        return None
    return {name: getattr(content, name) for name in ("request", "answer", "redacted", "cut")}


def _readable(text: str) -> str:
    with suppress(msgspec.DecodeError):  # it was cut, or never was JSON
        text = msgspec.json.format(text, indent=2)
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
