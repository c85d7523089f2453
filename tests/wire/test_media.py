"""Sizes of media from their first bytes."""

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.wire import media

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480)
EXIF = b"\xff\xe1" + struct.pack(">H", 2 + 6) + b"Exif\x00\x00"
JPEG = b"\xff\xd8" + EXIF + b"\xff\xff\xc2" + struct.pack(">HBHH", 17, 8, 480, 640) + b"\x00" * 20
VP8 = b"RIFF\x00\x00\x00\x00WEBPVP8 \x00\x00\x00\x00\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 640 | 0x4000, 480)
VP8L = b"RIFF\x00\x00\x00\x00WEBPVP8L\x00\x00\x00\x00\x2f" + struct.pack("<I", 639 | 479 << 14)
VP8X = (
    b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00"
    + (639).to_bytes(3, "little")
    + (479).to_bytes(3, "little")
)


@pytest.mark.parametrize("data", [PNG, GIF, JPEG, VP8, VP8L, VP8X], ids=["png", "gif", "jpeg", "vp8", "vp8l", "vp8x"])
def test_every_accepted_format_says_its_size(data):
    assert media.image_size(data) == (640, 480)


@pytest.mark.parametrize(
    "data", [b"", b"BM....", PNG[:20], GIF[:7], JPEG[:14], VP8[:27], VP8X[:14], b"\xff\xd8\xff", b"\xff\xd8\xff\xe1"]
)
def test_what_does_not_say_is_unknown(data):
    assert media.image_size(data) == (0, 0)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff", VP8[:16], VP8L[:16], PNG[:8], b"GIF87a"]),
)
def test_hostile_bytes_never_raise(junk, start):
    width, height = media.image_size(start + junk)
    assert width >= 0
    assert height >= 0


def test_an_image_knows_its_decoded_bytes():
    encoded = base64.b64encode(PNG + b"\x00" * 976).decode()
    image = media.image(encoded, detail="high")
    assert (image.kind, image.bytes, image.width, image.height, image.detail) == ("image", 1000, 640, 480, "high")


def test_a_size_behind_long_metadata_is_found():
    long = (b"\xff\xe2" + struct.pack(">H", 60_002) + b"\x00" * 60_000) * 5
    encoded = base64.b64encode(JPEG[:2] + long + JPEG[2:]).decode()
    assert media.image(encoded).width == 640


@pytest.mark.parametrize("encoded", ["", "****", "äöü", "iVBOR"])
def test_what_is_no_base64_is_unknown(encoded):
    assert (media.image(encoded).width, media.document(encoded).pages) == (0, 0)


def test_a_document_is_measured_in_pages():
    encoded = base64.b64encode(b"%PDF << /Type /Page >> << /Type /Page >>").decode()
    document = media.document(encoded)
    assert (document.kind, document.pages) == ("document", 2)
    assert document.bytes == len(b"%PDF << /Type /Page >> << /Type /Page >>")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("data:image/png;base64,AAAA", ("image/png", "AAAA")),
        ("DATA:Image/PNG;charset=x;BASE64,AAAA", ("image/png", "AAAA")),
        ("data:;base64,AAAA", ("", "AAAA")),
        ("data:text/plain,hello", None),
        ("https://example.com/a,b;base64,x", None),
        ("", None),
    ],
)
def test_data_urls_are_told_from_others(url, found):
    assert media.from_data_url(url) == found
