"""What images cost."""

import base64
import struct

import pytest

from farthing.testing.pictures import anthropic_tokens, openai_tokens


def png(width, height):
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0" + b"\0" * 40
    ).decode()


def gif(width, height):
    return base64.b64encode(b"GIF89a" + struct.pack("<HH", width, height) + b"\0" * 60).decode()


@pytest.mark.parametrize(
    ("size", "detail", "model", "tokens"),
    [
        ((1_024, 1_024), "high", "gpt-4o", 85 + 4 * 170),
        ((2_048, 4_096), "high", "gpt-4o", 85 + 6 * 170),
        ((512, 512), "high", "gpt-4o", 85 + 170),
        ((4_096, 8_192), "low", "gpt-4o", 85),
        ((1_024, 1_024), "auto", "gpt-4o-mini", 2_833 + 4 * 5_667),
        ((1_024, 1_024), "high", "gpt-4.1-mini", 1_659),
        ((1_800, 2_400), "high", "gpt-4.1-mini", 2_489),
    ],
)
def test_openai_counts_tiles_or_patches(size, detail, model, tokens):
    assert openai_tokens(f"data:image/png;base64,{png(*size)}", detail, model) == tokens


def test_an_image_that_is_only_an_address_is_taken_for_a_megapixel():
    assert openai_tokens("https://example.com/a.png", "high", "gpt-4o") == 85 + 4 * 170


@pytest.mark.parametrize(
    ("size", "tokens"), [((200, 200), 54), ((1_000, 1_000), 1_334), ((4_000, 4_000), 1_568), ((1, 1), 1)]
)
def test_anthropic_counts_pixels(size, tokens):
    assert anthropic_tokens(png(*size)) == anthropic_tokens(gif(*size)) == tokens


@pytest.mark.parametrize("data", ["%%%", "", "AAAA", base64.b64encode(b"\xff\xd8\xff" + b"\0" * 60).decode()])
def test_what_has_no_readable_size_is_taken_for_a_megapixel(data):
    assert anthropic_tokens(data) == 1_399
