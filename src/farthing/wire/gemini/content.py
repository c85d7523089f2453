"""Gemini's content: what the system instruction, the turns and their parts put into the prompt.

Everything that becomes text is counted in UTF-8 bytes, which SentencePiece with byte fallback never exceeds in tokens.
Base64 is never counted as text: images, PDFs and sound are media, sized from their own headers, and a text file is its
own text. `thoughtSignature` carries the thoughts in encrypted form and is counted whole.
"""

import binascii
from collections.abc import Callable
from typing import Any

from farthing.wire import media
from farthing.wire.dialect import Media
from farthing.wire.fields import as_mapping, as_text, listed, mapping, needed_list, needed_text, text
from farthing.wire.gathered import Gathered

# Gemini's template is not public. These are generous; text itself leaves more slack (about four bytes a token).
_PER_REQUEST = 32
_PER_MESSAGE = 12
_PER_PART = 8
_PER_CALL = 64
_PER_PARAMETER = 12

_NO_PROMPT = frozenset({"thought", "videoMetadata", "mediaResolution", "partMetadata"})
"""Fields of a part that say how it is read and are no part of the prompt."""
_SOUND_IN = ("audio/", "video/")
_TEXT_IN = ("text/", "application/json", "application/xml", "application/x-")


def gather_prompt(found: Gathered, body: dict[str, Any]) -> None:
    """Add `systemInstruction` and `contents`. Raises BadRequest naming the field."""
    found.overhead += _PER_REQUEST
    if (system := mapping(body, "systemInstruction")) is not None:
        gather_parts(found, system, "systemInstruction")
    for index, each in enumerate(needed_list(body, "contents")):
        where = f"contents[{index}]"
        found.begin_message()
        found.overhead += _PER_MESSAGE
        content = as_mapping(each, where)
        text(content, "role", where)
        gather_parts(found, content, where)


def gather_parts(found: Gathered, content: dict[str, Any], where: str) -> None:
    """Add the parts of one content."""
    for index, part in enumerate(listed(content, "parts", where) or ()):
        at = f"{where}.parts[{index}]"
        _part(found, as_mapping(part, at), at)


def may_sound(kind: str) -> bool:
    """Whether something of this media type may have sound in it, which has a price of its own. Unknown ones may."""
    return not kind or kind.startswith(_SOUND_IN)


def _part(found: Gathered, part: dict[str, Any], where: str) -> None:
    found.overhead += _PER_PART
    for key, value in part.items():
        if value is None or key in _NO_PROMPT:
            continue
        _READERS.get(key, _other)(found, value, f"{where}.{key}")


def _text(found: Gathered, value: Any, where: str) -> None:
    found.pieces.append(as_text(value, where))


def _inline(found: Gathered, value: Any, where: str) -> None:
    blob = as_mapping(value, where)
    kind = (text(blob, "mimeType", where) or "").lower()
    encoded = plain_base64(needed_text(blob, "data", where))
    if kind.startswith("image/"):
        found.media.append(media.image(encoded))
    elif kind == "application/pdf":
        found.media.append(media.document(encoded))
    elif kind.startswith("audio/"):
        found.media.append(Media(kind="audio", bytes=media.decoded_length(encoded)))
    elif kind.startswith(_TEXT_IN) and (decoded := _utf8(encoded)) is not None:
        found.pieces.append(decoded)
    else:
        found.media.append(Media(kind="video" if kind.startswith("video/") else "document"))


def _file(found: Gathered, value: Any, where: str) -> None:
    """A file elsewhere: uploaded before, or a video on the web. Nothing here says how long it is."""
    held = as_mapping(value, where)
    needed_text(held, "fileUri", where)
    kind = (text(held, "mimeType", where) or "").lower()
    found.pointers.append(f"{where}.fileUri")
    found.media.append(Media(kind="image" if kind.startswith("image/") else "video" if may_sound(kind) else "document"))


def _call(found: Gathered, value: Any, where: str) -> None:
    call = as_mapping(value, where)
    arguments = mapping(call, "args", where) or {}
    found.overhead += _PER_CALL + _PER_PARAMETER * len(arguments)
    found.pieces.append(needed_text(call, "name", where))
    found.json(arguments)


def _response(found: Gathered, value: Any, where: str) -> None:
    answer = as_mapping(value, where)
    found.overhead += _PER_CALL
    found.pieces.append(needed_text(answer, "name", where))
    found.json(mapping(answer, "response", where) or {})
    gather_parts(found, answer, where)


def _other(found: Gathered, value: Any, _where: str) -> None:
    """Any other part counts with all its JSON."""
    found.json(value)


def plain_base64(encoded: str) -> str:
    """Base64 in its usual alphabet: Google takes that of URLs too, and its own clients send it."""
    return encoded.replace("-", "+").replace("_", "/") if "-" in encoded or "_" in encoded else encoded


def _utf8(encoded: str) -> str | None:
    """The text that a text file holds; None where it is none."""
    try:
        return binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, ValueError):
        return None


_READERS: dict[str, Callable[[Gathered, Any, str], None]] = {
    "text": _text,
    "thoughtSignature": _text,
    "inlineData": _inline,
    "fileData": _file,
    "functionCall": _call,
    "functionResponse": _response,
}
