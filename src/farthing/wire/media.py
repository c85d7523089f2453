"""What a part that is not text says of its own size, read from its first bytes: never decoded, never guessed."""

import binascii
import struct

from farthing.wire.dialect import Media
from farthing.wire.pdf import pages_of

_HEAD = 256 * 1024
"""Base64 letters that are decoded first. A JPEG's size may stand behind its metadata, so the rest is tried if needed."""


def image(encoded: str, *, detail: str = "") -> Media:
    """An image given as base64. `width` and `height` are 0 where its header does not say."""
    width, height = image_size(_decoded(encoded[:_HEAD]))
    if not width and len(encoded) > _HEAD:
        width, height = image_size(_decoded(encoded))
    return Media(kind="image", bytes=decoded_length(encoded), width=width, height=height, detail=detail)


def document(encoded: str) -> Media:
    """A PDF given as base64. `pages` is 0 where they cannot be counted."""
    return Media(kind="document", bytes=decoded_length(encoded), pages=pages_of(_decoded(encoded)))


def decoded_length(encoded: str) -> int:
    """How many bytes base64 stands for."""
    return len(encoded) * 3 // 4 - encoded[-2:].count("=")


def from_data_url(url: str) -> tuple[str, str] | None:
    """The media type and the base64 of a `data:` URL; None for any other URL."""
    head, comma, encoded = url.partition(",")
    if not comma or head[:5].lower() != "data:" or not head.lower().endswith(";base64"):
        return None
    return head[5:-7].partition(";")[0].lower(), encoded


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG, JPEG, GIF or WebP file from its first bytes; (0, 0) where they do not say."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack(">II", data[16:24])
        if data.startswith((b"GIF87a", b"GIF89a")):
            return struct.unpack("<HH", data[6:10])
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except (struct.error, IndexError):
        pass
    return 0, 0


def _webp(data: bytes) -> tuple[int, int]:
    """RFC 9649 §2.7 (VP8X), RFC 6386 §9.1 (VP8) and the WebP lossless format §3 (VP8L)."""
    match data[12:16]:
        case b"VP8X" if len(data) >= 30:
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack("<I", data[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


def _jpeg(data: bytes) -> tuple[int, int]:
    """Walk the segments to the frame header (ITU T.81 §B.2.2): SOF0 to SOF15 without DHT, JPG and DAC."""
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes may precede a marker
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return 0, 0


def _decoded(encoded: str) -> bytes:
    """Base64 as bytes; `b""` where it is not base64 (the provider will say so)."""
    try:
        return binascii.a2b_base64(encoded[: len(encoded) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""
