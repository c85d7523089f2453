"""Files beside the pages: vendored ones and our own, read once, compressed once, kept by browsers for ever by their hash."""

import gzip
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from farthing.dashboard.headers import FOR_EVER, PRIVATE
from farthing.dashboard.visit import Answer
from farthing.gateway.identify import Headers

HERE = Path(__file__).parent
FOLDERS = (HERE / "assets", HERE / "static")
PREFIX = "/dashboard/assets/"
FONT = f"{PREFIX}inter-latin.woff2"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_SQUEEZED = (".js", ".css", ".svg", ".txt")


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    content: bytes
    squeezed: bytes
    """The same with gzip; empty where that does not help."""
    kind: str
    version: str
    """The beginning of its hash."""


class Assets:
    """All files that pages may name, in memory: a quarter of a megabyte."""

    def __init__(self) -> None:
        self.files = dict(_read())

    def url(self, name: str) -> str:
        """The address of a file in this very version. Raises KeyError for one that is not there: a mistake in a page."""
        return f"{PREFIX}{name}?v={self.files[name].version}"

    def answer(self, path: str, query: bytes, headers: Headers) -> Answer | None:
        """The file at this path; None where it names none."""
        name = "coin.svg" if path == "/favicon.ico" else path.removeprefix(PREFIX)
        file = self.files.get(name)
        if file is None or not path.startswith((PREFIX, "/favicon.ico")):
            return None
        keep = FOR_EVER if query == f"v={file.version}".encode() else PRIVATE
        if file.squeezed and b"gzip" in headers.get(b"accept-encoding", b""):
            more = (keep, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))
            return Answer(body=file.squeezed, content_type=file.kind, headers=more)
        return Answer(body=file.content, content_type=file.kind, headers=(keep,))


def _read() -> Iterator[tuple[str, Asset]]:
    """Vendored files first: our style names the font among them, by its version."""
    font = ""
    for file in (file for folder in FOLDERS for file in sorted(folder.iterdir()) if file.suffix in TYPES):
        content = file.read_bytes()
        if file.name == "dashboard.css":
            content = content.replace(FONT.encode(), f"{FONT}?v={font}".encode())
        version = sha256(content).hexdigest()[:12]
        if FONT.endswith(file.name):
            font = version
        squeezed = gzip.compress(content, 9, mtime=0) if file.suffix in _SQUEEZED else b""
        yield file.name, Asset(content=content, squeezed=squeezed, kind=TYPES[file.suffix], version=version)
