"""How many pages a PDF has, counted without rendering it. Pure: bytes in, a number out."""

import re
import zlib

MiB = 1 << 20
_MOST_INFLATED = 64 * MiB
"""Object streams are inflated up to this many bytes in all; a file that needs more has an unknown number of pages."""

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z#])")
_COUNT = re.compile(rb"/Count\s+(\d{1,6})\b")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"\bstream\r?\n")
_NAMED = rb"[^\x00-\x20\x7f-\xff/()<>\[\]{}%"
_ESCAPED = re.compile(rb"/(" + _NAMED + rb"#]*#[0-9A-Fa-f]{2}" + _NAMED + rb"]*)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_TELLING = re.compile(rb"(Type|Page|Count|ObjStm)(?![A-Za-z])")
"""Names that pages are found by."""
_MOST_ESCAPED = 10_000
"""A file with more escaped names takes too long to look through, and is not believed."""


def pages_of(pdf: bytes) -> int:
    """The number of pages, or 0 where it cannot be told.

    Page objects may be compressed inside object streams (PDF 1.5), so those are inflated first. One page object may be
    listed several times, so the largest `/Count` of the page tree counts too: the result is rather too large than too
    small. A file that is encrypted, or hides one of the names that pages are found by behind escapes, has 0.
    """
    inflated = _object_streams(pdf)
    if inflated is None:
        return 0
    objects = (pdf, *inflated)
    if any(map(_hides_names, objects)):
        return 0
    pages = sum(len(_PAGE.findall(part)) for part in objects)
    if not pages:
        return 0
    return max(pages, *(int(count) for part in objects for count in _COUNT.findall(part)), 0)


def _hides_names(part: bytes) -> bool:
    """Whether a name like `/P#61ge` stands for one that pages are found by. Elsewhere escapes are common: in names of fonts."""
    for number, name in enumerate(_ESCAPED.finditer(part)):
        if number >= _MOST_ESCAPED or _TELLING.match(_ESCAPE.sub(_meant, name[1])):
            return True
    return False


def _meant(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape[1], 16),))


def _object_streams(pdf: bytes) -> list[bytes] | None:
    """The contents of all object streams; None where one of them cannot be read."""
    contents, room = [], _MOST_INFLATED
    for declared in _OBJECT_STREAM.finditer(pdf):
        start = _STREAM.search(pdf, declared.end(), declared.end() + 1_024)
        if start is None:
            return None
        try:
            content = zlib.decompressobj().decompress(memoryview(pdf)[start.end() :], room)
        except zlib.error:
            return None
        room -= len(content)
        if room <= 0:
            return None
        contents.append(content)
    return contents
