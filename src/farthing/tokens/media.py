"""Upper bounds of the input tokens that images, audio and documents bill, by the providers' formulas.

Their base64 is never counted: it is not text to the model. Where a formula needs a size that is not known, its maximum
is taken; where it has none, the model's whole window.

Sources. OpenAI: "Images and vision", "Calculating costs" (tiles of 512 px, patches of 32 px with a multiplier by
model). Anthropic: "Vision" (patches of 28 px, earlier width * height / 750; scaled down to 1,568 tokens, to 4,784
from Opus 4.7 on) and "PDF support" (each page as text, 1,500 to 3,000 tokens, and as an image). Gemini: "Understand
and count tokens" (258 a tile, 32 a second of audio) and "Media resolution" (at most 2,240 an image).
"""

import re

from farthing.domain.model import ModelFacts
from farthing.wire.dialect import Media

WIDEST_WINDOW = 2_097_152
"""Assumed of a model whose window is not known: the largest that is common."""

SLOWEST_AUDIO = 500
"""Bytes a second of the most compressed speech (4 kbit/s): fewer bytes a second would be more seconds, more tokens."""
AUDIO_PER_SECOND = {"openai": 10, "gemini": 32}
"""OpenAI bills heard audio by the tenth of a second ("Realtime", "Managing costs")."""
MOST_AUDIO_PER_SECOND = 32

TEXT_PER_PAGE = 6_000
"""Twice what a dense page holds by Anthropic's account."""

TILES = (
    (re.compile(r"^(ft:)?gpt-4o-mini"), 2_833, 5_667),
    (re.compile(r"^(ft:)?(chatgpt-4o|gpt-4o|gpt-4-turbo|gpt-4-vision|gpt-4\.5|gpt-4\.1(-20|$))"), 85, 170),
    (re.compile(r"^(o1|o3)(-|$)"), 75, 150),
    (re.compile(r"^gpt-5(\.1)?(-20|-chat|-codex$|$)"), 85, 170),
)
"""Base and tile tokens of the models that cut an image into tiles. GPT-5's 70 and 140 are put at GPT-4o's."""
MOST_TILES = 8
"""An image is scaled into 2,048 px square and its short side to 768 px: four tiles by two at most."""

PATCHES = (
    (re.compile(r"^gpt-4\.1-nano|^gpt-5(\.\d)?-nano"), 1_536, 246),
    (re.compile(r"^gpt-4\.1-mini|^gpt-5(\.\d)?(-codex)?-mini"), 1_536, 172),
    (re.compile(r"^o4-mini"), 1_536, 172),
    (re.compile(r"^gpt-4\.1(-20|$)"), 1_536, 100),
)
"""Most patches, and hundredths of a token for each, of the models that count patches with a documented maximum."""
UNKNOWN_PATCH_HUNDREDTHS = 246
"""The highest multiplier that is documented, for models that have no row above."""
MOST_PATCHES = 40_000
"""For such models and an unknown size: a picture of 40 megapixels, larger than the providers take."""

ANTHROPIC_SMALL = re.compile(
    r"claude-(instant|2|3)|claude-(opus|sonnet|haiku)-4-[0156](\D|$)|claude-(opus|sonnet)-4(-20|@|$)"
)
"""Models that scale images down to 1,568 tokens; 1,640 leaves room for rounding up (1,596 was seen)."""
ANTHROPIC_MOST = 4_784
ANTHROPIC_MOST_SMALL = 1_640

GEMINI_TILE = 258
GEMINI_MOST = 2_240
GEMINI_MOST_TILES = 36
"""A 3,072 px square in crops of 512 px; by the formula larger pictures are scaled down first."""


def media_tokens(media: Media, facts: ModelFacts, *, strict: bool = False) -> int:
    """The most input tokens one part can bill. Never the length of its base64.

    A page of a document is taken for a dense one, which whoever made the file need not have kept to: `strict` takes the
    whole window for a document.
    """
    match media.kind:
        case "image":
            return min(_image(media, facts), window(facts))
        case "audio" if media.bytes:
            each = AUDIO_PER_SECOND.get(facts.family, MOST_AUDIO_PER_SECOND)
            return min((-(-media.bytes // SLOWEST_AUDIO) + 1) * each, window(facts))
        case "document" if media.pages and not strict:
            page = Media(kind="image")
            return min(media.pages * (TEXT_PER_PAGE + _image(page, facts)), window(facts))
        case _:
            return window(facts)


def window(facts: ModelFacts) -> int:
    """The model's window in tokens, or the widest that is assumed where it is not known."""
    return facts.context_tokens or WIDEST_WINDOW


def _image(media: Media, facts: ModelFacts) -> int:
    name = facts.name.lower().rpartition("/")[2]
    match facts.family:
        case "openai":
            return _openai(media, name)
        case "anthropic":
            return _anthropic(media, name)
        case "gemini":
            return _gemini(media)
        case _:
            return max(_openai(media, ""), _anthropic(media, ""), _gemini(media))


def _openai(media: Media, name: str) -> int:
    """By every formula that is documented for the model (some have had two), the highest."""
    known = [base + tile * _tiles(media) for pattern, base, tile in TILES if pattern.match(name)]
    for pattern, most, hundredths in PATCHES:
        if pattern.match(name):
            known.append(-(-min(_patches(media, 32), most) * hundredths // 100))
    if known:
        return max(known)
    patches = -(-_patches(media, 32) * UNKNOWN_PATCH_HUNDREDTHS // 100)
    return max(patches, 85 + 170 * _tiles(media))


def _tiles(media: Media) -> int:
    """Tiles of 512 px after scaling the short side to 768 px; small pictures are taken as if they were scaled up.

    No tile at low detail, which costs the base alone.
    """
    if media.detail == "low":
        return 0
    if not media.width or not media.height:
        return MOST_TILES
    short, long = sorted((media.width, media.height))
    scaled_long = -(-long * 768 // short)
    return min(2 * -(-scaled_long // 512), MOST_TILES)


def _patches(media: Media, pixels: int) -> int:
    if not media.width or not media.height:
        return MOST_PATCHES
    return -(-media.width // pixels) * -(-media.height // pixels)


def _anthropic(media: Media, name: str) -> int:
    most = ANTHROPIC_MOST_SMALL if ANTHROPIC_SMALL.search(name) else ANTHROPIC_MOST
    if not media.width or not media.height:
        return most
    return min(most, max(_patches(media, 28), -(-media.width * media.height // 750)))


def _gemini(media: Media) -> int:
    """258 for a small picture; crops of two thirds of the short side, 256 to 768 px, for a larger one."""
    if not media.width or not media.height:
        return GEMINI_MOST_TILES * GEMINI_TILE
    crop = min(max(min(media.width, media.height) * 2 // 3, 256), 768)
    tiles = min(_patches(media, crop), GEMINI_MOST_TILES)
    return max(tiles * GEMINI_TILE, GEMINI_MOST)
