"""What images cost in tokens, by the formulas the makers publish, from the size in the image's own header."""

import base64
import binascii
import math
import struct

_TILED = (
    ("gpt-4o-mini", 2_833, 5_667),
    ("gpt-5", 70, 140),
    ("o1", 75, 150),
    ("o3", 75, 150),
    ("gpt-4", 85, 170),
)
"""Model prefix, base tokens, tokens per tile of 512 pixels (OpenAI's images guide)."""
_PATCHED = (
    ("gpt-4.1-mini", 1.62),
    ("gpt-5-mini", 1.62),
    ("gpt-4.1-nano", 2.46),
    ("gpt-5-nano", 2.46),
    ("o4-mini", 1.72),
)
"""Model prefix and multiplier over patches of 32 pixels, 1,536 at most (same guide)."""
_MOST_PATCHES = 1_536
_ANTHROPIC_MOST = 1_568
"""Anthropic scales an image down until it costs about this much at most."""
_GEMINI_TILE = 258


def openai_tokens(url: str, detail: str, model: str) -> int:
    """Tokens of an image given as a data URL; one that only has an address is taken for 1024 x 1024."""
    width, height = _size(url) or (1_024, 1_024)
    for prefix, times in _PATCHED:
        if model.startswith(prefix):
            return math.ceil(min(math.ceil(width / 32) * math.ceil(height / 32), _MOST_PATCHES) * times)
    base, tile = next(((base, tile) for prefix, base, tile in _TILED if model.startswith(prefix)), (85, 170))
    return base if detail == "low" else base + tile * _tiles(width, height)


def anthropic_tokens(data: str) -> int:
    """Tokens of a base64 image (or address): width x height / 750, scaled down to 1,568 pixels and about 1,568 tokens."""
    width, height = _size(f"data:,{data}") or (1_024, 1_024)
    scale = min(1.0, 1_568 / max(width, height))
    return max(1, min(math.ceil(width * scale * height * scale / 750), _ANTHROPIC_MOST))


def gemini_tokens(data: str) -> int:
    """Tokens of a base64 image: 258 for one of up to 384 pixels a side, else for each tile of 768 pixels."""
    width, height = _size(f"data:,{data}") or (1_024, 1_024)
    if max(width, height) <= 384:
        return _GEMINI_TILE
    return _GEMINI_TILE * math.ceil(width / 768) * math.ceil(height / 768)


def _tiles(width: int, height: int) -> int:
    scale = min(1.0, 2_048 / max(width, height))
    width, height = math.ceil(width * scale), math.ceil(height * scale)
    scale = min(1.0, 768 / min(width, height))
    return math.ceil(width * scale / 512) * math.ceil(height * scale / 512)


def _size(url: str) -> tuple[int, int] | None:
    """Pixels of a PNG or GIF in a data URL."""
    if not url.startswith("data:"):
        return None
    try:
        head = base64.b64decode(url.partition(",")[2][:64], validate=True)
    except binascii.Error:
        return None
    if head.startswith(b"\x89PNG") and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        return max(1, width), max(1, height)
    if head.startswith((b"GIF87a", b"GIF89a")) and len(head) >= 10:
        width, height = struct.unpack("<HH", head[6:10])
        return max(1, width), max(1, height)
    return None
